/**
 * Try it: requests that crash a service as its users would, one button each, and what came of them. What they are is the
 * healer's settings' matter.
 */

import * as api from "./api.js";
import { h } from "./dom.js";
import { card, note, stateBadge } from "./parts.js";
import { clip, duration } from "./words.js";

const NEWEST = 20; // incidents of a service among which the one is looked for
const CONCERNS = /^incident\.|^report\.received$/;
const CRASHED = 500;
const EXPLAINED =
	"Each button sends requests to the running service, and the last of them crashes it as it would for a user. The service " +
	"reports the crash, the healer looks for the cause and proposes a fix: follow the link that appears, and decide there.";

const crashed = ({ status }) => status >= CRASHED;

/** What tells one report of an incident from the next. */
const marks = (incidents) => new Set(incidents.map(({ id, count }) => `${id} ${count}`));

/** A request without what differs from one to the next of its kind: the query, and numbers in the path. */
const shape = (request) => String(request).split("?")[0].replace(/[^/]*\d[^/]*/g, "#");

/** The incident that was reported since the request was sent; one of another route only until its own is there. */
function reported(attempt, incidents) {
	const fresh = incidents.filter(({ id, count }) => !attempt.before.has(`${id} ${count}`));
	attempt.incident ??= fresh.find(({ route }) => shape(route) === shape(attempt.answer.request))?.id;
	return attempt.incident ? incidents.find(({ id }) => id === attempt.incident) : fresh[0];
}

async function send({ service, incidents }, { name, title }, page) {
	if (page.keep[service]?.busy) return;
	const attempt = { name, busy: true, before: marks(incidents) };
	page.keep[service] = attempt;
	page.redraw();
	try {
		attempt.answer = await api.playExample(service, name);
		const { status, seconds } = attempt.answer;
		page.changed(status ? `${title}: answered ${status} after ${duration(seconds)}.` : `${title}: no answer.`);
	} catch (error) {
		attempt.problem = error.message;
	}
	attempt.busy = false;
	page.redraw();
}

function link(attempt, incidents) {
	if (!crashed(attempt.answer)) return h("p.dim", "The service did not crash, so there is nothing to heal.");
	const incident = reported(attempt, incidents);
	if (!incident) return h("p.dim", "It crashed. Waiting for its report…");
	const words = `Watch it heal: ${clip(incident.title, 120)}`;
	return h("p.head", h("a", { href: `/incidents/${encodeURIComponent(incident.id)}` }, words), stateBadge(incident.state));
}

function outcome(attempt, incidents) {
	if (attempt.problem) return note(attempt.problem, "bad", "outcome");
	if (attempt.busy) return h("p.dim", { key: "outcome" }, "Sending…");
	const { request, status, body, seconds, problem } = attempt.answer;
	return h(
		"div.outcome",
		{ key: "outcome" },
		h(
			"p",
			h("code", clip(request, 300)),
			h("span", { class: crashed(attempt.answer) || !status ? "bad" : "good" }, ` ${status ?? "no answer"}`),
			h("span.dim", ` after ${duration(seconds)}`),
		),
		problem && note(clip(problem, 400), "ask"),
		body && h("code.answered", clip(body, 600)),
		!problem && link(attempt, incidents),
	);
}

function example(of, one, page) {
	const attempt = page.keep[of.service];
	const button = { disabled: Boolean(attempt?.busy), onclick: () => send(of, one, page) };
	return h(
		"li",
		{ key: one.name },
		page.role === "operator" ? h("button", button, clip(one.title, 200)) : h("span", clip(one.title, 200)),
		attempt?.name === one.name && outcome(attempt, of.incidents),
	);
}

const ofService = (page) => (of) =>
	card(
		`try-${of.service}`,
		of.service,
		h(
			"ul.examples",
			of.examples.map((one) => example(of, one, page)),
		),
	);

const nothing = h(
	"p.dim",
	{ key: "nothing" },
	"There is nothing to try: no service in healer.toml names a file of ",
	h("code", "examples"),
	".",
);

export const view = {
	match: ({ pathname }) => (/^\/try\/?$/.test(pathname) ? {} : null),
	async load() {
		const { services } = await api.examples();
		const newest = await Promise.all(services.map(({ service }) => api.incidents({ service, limit: NEWEST })));
		return { services: services.map((one, index) => ({ ...one, incidents: newest[index].incidents })) };
	},
	show: ({ services }, _, page) => [
		h("div.heading", { key: "heading" }, h("h1", { tabindex: "-1" }, "Try it"), services.length > 0 && h("p", EXPLAINED)),
		page.role !== "operator" && services.length > 0 && note("Only the operator can send them.", "calm", "viewer"),
		services.length ? h("div.stack", { key: "services" }, services.map(ofService(page))) : nothing,
	],
	title: () => "Try it",
	concerns: ({ type }) => CONCERNS.test(type),
};
