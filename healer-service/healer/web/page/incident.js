/**
 * One incident: what it is, how far it is, and its four lanes; and what an event changes before the API is asked again.
 */

import { oneIncident } from "./api.js";
import { attemptsOf, carried } from "./attempts.js";
import { controlLane } from "./control.js";
import { h } from "./dom.js";
import { executionLane, track } from "./execution.js";
import { onRoom } from "./layout.js";
import { extended, noLines } from "./lines.js";
import { badge, place, when } from "./parts.js";
import { patchLogLane } from "./patchlog.js";
import { reasoningLane } from "./reasoning.js";
import { clip, decoded, failure, plural, stateOf } from "./words.js";

const QUIET = ["log", "model.tokens"]; // types of events that change nothing but the log

/** Whether the event tells about this incident: a release may be keyed by its service and belongs to it by trace. */
const belongs = ({ key, trace_id: trace }, { id }, incident) =>
	key === id || (trace !== "" && trace === (incident.trace_id ?? id));

/** → the incident's state and attempts as they are after the event. */
function moved(incident, event) {
	const { type, payload = {} } = event;
	const attempts = carried(attemptsOf(incident), event);
	const next = { attempts, stages: attempts.at(-1).stages };
	if (type === "incident.state") Object.assign(next, { state: payload.to, reason: payload.reason });
	return { ...incident, ...next };
}

/** What is going on, in a sentence. */
function doing({ state, proposal, releases = [], deploys = true, automation }) {
	if (automation?.stopped && (state === "open" || (state === "merged" && deploys)))
		return "All automation is stopped: it goes on when you let it.";
	if (proposal?.state === "prepared") return "A verified fix is being published.";
	const release = ["merged", "releasing"].includes(state) && releases.at(-1);
	if (release?.state === "waiting" && release.reason) return `The release waits: ${clip(release.reason, 600)}`;
	return release?.state === "canary" ? "A share of the users has the fix." : stateOf(state, deploys).says;
}

function heading(one) {
	const { word, tone } = stateOf(one.state, one.deploys);
	return h(
		"div.heading",
		{ key: "heading" },
		h(
			"p.dim",
			h("a", { href: "/" }, "Incidents"),
			" / ",
			h("a", { href: `/services/${encodeURIComponent(one.service)}` }, one.service),
		),
		h("h1", { tabindex: "-1" }, clip(one.diagnosis?.cause || one.title || failure(one.exception), 300)),
		h("p.exception", h("code", clip(failure(one.exception), 500))),
		h(
			"p.dim",
			one.route && `${clip(one.route, 160)} · `,
			one.fault && [place(one.fault), " · "],
			`seen ${plural(one.count ?? 1, "time")}, first `,
			when(one.first_seen),
			", last ",
			when(one.last_seen),
		),
		h(
			"div",
			{ key: "status", class: `card status ${tone}` },
			h("div.row", badge(word, tone), h("p.says", doing(one), one.reason && ` ${clip(one.reason, 600)}`)),
			track(one),
		),
	);
}

/** How many events an answer leaves out: they are older than those that it has. */
const missing = ({ events = [], events_in_all: inAll = events.length }) => inAll - events.length;

function told(before, { state, reason, deploys }) {
	const { word, says } = stateOf(state, deploys);
	return before.state !== state && `${word}. ${says} ${reason ?? ""}`;
}

/** Id of the newest event that an answer of the API's holds. */
const known = ({ events }) => events?.at(-1)?.id ?? -1;

export const view = {
	every: 10, // a release that stood its time, or was taken back at last, is no event
	match({ pathname }) {
		const [, id] = /^\/incidents\/([^/]+)\/?$/.exec(pathname) ?? [];
		return id === undefined ? null : { id: decoded(id) };
	},
	load: ({ id }) => oneIncident(id),
	show(one, _, page) {
		onRoom(page.redraw);
		const lanes = [controlLane(one, page), reasoningLane(one, page), executionLane(one), patchLogLane(one, page)];
		return [heading(one), h("div.lanes", { key: "lanes" }, lanes)];
	},
	title: (one) => `${stateOf(one.state, one.deploys).word}: ${one.exception?.type}`,
	concerns: (event, one, params) =>
		event.type === "forge.waits" || event.key === "automation" || (belongs(event, params, one) && !QUIET.includes(event.type)),
	after(one, events, params) {
		const own = events.filter((event) => belongs(event, params, one));
		if (!own.length) return one;
		// The answer may hold an event that the stream brings later: it has moved the incident already.
		const later = own.filter((event) => event.id > one.holds);
		return { ...later.reduce(moved, one), holds: Math.max(one.holds, own.at(-1).id), ...extended(one, own) };
	},
	known,
	joined(before, one) {
		const lines = extended(before ?? { ...noLines, left: missing(one) }, one.events ?? []);
		return { ...one, holds: known(one), ...lines };
	},
	told,
	moving: ({ stages = [] }) => stages.some((one) => one.state === "running"),
};
