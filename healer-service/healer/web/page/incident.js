/**
 * One incident: what it is, how far it is, and its four lanes; and what an event changes before the API is asked again.
 */

import { controlLane } from "./control.js";
import { h } from "./dom.js";
import { executionLane, track } from "./execution.js";
import { place, stateBadge, when } from "./parts.js";
import { patchLogLane } from "./patchlog.js";
import { reasoningLane } from "./reasoning.js";
import { clip, failure, plural, stateOf } from "./words.js";

/** Whether the event tells about this incident: a release may be keyed by its service and belongs to it by trace. */
export function concerns(event, id, trace) {
	return event.key === id || event.trace_id === trace;
}

/** → the incident as it is after the event: its line, its state, its stages. Everything else comes with the next answer. */
export function after(incident, event) {
	const { type, payload = {}, timestamp } = event;
	const { stage, seconds, detail } = payload;
	const next = { ...incident, events: merged(incident.events, [event]) };
	const stages = incident.stages ?? [];
	const at = stages.findLastIndex((one) => one.stage === stage && one.state === "running");
	if (type === "incident.state") Object.assign(next, { state: payload.to, reason: payload.reason });
	if (payload.to === "open") next.stages = []; // a retry starts anew
	if (type === "stage.started" && at < 0) next.stages = [...stages, { stage, started_at: timestamp, state: "running" }];
	if (type === "stage.finished" && at >= 0)
		next.stages = stages.with(at, { ...stages[at], state: detail ? "failed" : "done", seconds, detail });
	return next;
}

/** Both lists as one in the order of ids, each event once. */
export function merged(some = [], others = []) {
	const newest = some.at(-1)?.id ?? -1;
	if (others.every((event) => event.id > newest)) return [...some, ...others];
	const all = new Map([...some, ...others].map((event) => [event.id, event]));
	return [...all.values()].sort((one, other) => one.id - other.id);
}

/** What is going on, in a sentence. */
function doing({ state, proposal, releases = [] }) {
	if (proposal?.state === "prepared") return "A verified fix is being published.";
	const release = ["merged", "releasing"].includes(state) && releases.at(-1);
	if (release?.state === "waiting" && release.reason) return `The release waits: ${clip(release.reason, 600)}`;
	return release?.state === "canary" ? "A share of the users has the fix." : stateOf(state).says;
}

function heading(one) {
	return h(
		"div.heading",
		{ key: "heading" },
		h("p.dim", h("a", { href: "/" }, "Incidents"), ` / ${one.service}`),
		h(
			"div.row",
			stateBadge(one.state),
			h("p.says", doing(one), one.reason && ` ${clip(one.reason, 600)}`),
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
		track(one),
	);
}

export function incidentView(one, changed, redraw) {
	const control = controlLane(one, changed, redraw);
	const lanes = [control, executionLane(one), reasoningLane(one), patchLogLane(one.events ?? [])];
	return [heading(one), h("div.lanes", { key: "lanes" }, lanes)];
}
