/**
 * The Execution lane: stages with their seconds, then releases. It shows; nothing is started here.
 */

import { h } from "./dom.js";
import { card } from "./parts.js";
import { releaseItem } from "./release.js";
import { clip, duration, since, spaced, stateOf } from "./words.js";

const MARKS = { running: "●", done: "✓", failed: "✗" };

// What an incident passes on its way, and the states in which each step is under way or where it ended.
const STEPS = [
	["Reported", "open"],
	["Diagnosed", "diagnosing"],
	["Fix verified", "repairing"],
	["Decision", "proposed rejected"],
	["Released", "merged releasing"],
	["Healed", "soaking rolled_back regressed"],
];
const ENDS = ["declined", "rejected", "rolled_back", "regressed"];

/** → for each of STEPS: "done" | "now" | "stopped" | "ahead" */
export function progress({ state, diagnosis }) {
	let at = STEPS.findIndex(([, states]) => states.split(" ").includes(state));
	if (state === "declined") at = diagnosis && !diagnosis.decline_reason ? 2 : 1;
	if (state === "resolved") at = STEPS.length;
	return STEPS.map((_, index) =>
		index < at ? "done" : index > at ? "ahead" : ENDS.includes(state) ? "stopped" : "now",
	);
}

export function track(incident) {
	const tone = { now: stateOf(incident.state).tone, stopped: "bad" };
	const step = (how, index) =>
		h("li", { class: `${how} ${tone[how] ?? ""}`, "aria-current": tone[how] && "step" }, STEPS[index][0]);
	return h("ol.track", { "aria-label": "Progress" }, progress(incident).map(step));
}

function stage(one) {
	const seconds = one.seconds ?? (one.state === "running" ? since(one.started_at) : null);
	return h(
		"li",
		{ key: `${one.stage} ${one.started_at}`, class: `stage ${one.state}` },
		h("span.mark", { "aria-hidden": "true" }, MARKS[one.state] ?? "○"),
		h("span.name", spaced(one.stage), h("span.unseen", ` ${one.state}`)),
		h("span.dim", seconds === null ? "" : duration(seconds)),
		one.detail && h("span.dim.detail", clip(one.detail, 400)),
	);
}

export function executionLane({ service, stages = [], releases = [] }) {
	const total = stages.reduce((sum, one) => sum + (one.seconds ?? 0), 0);
	return card(
		"execution",
		"Execution",
		total > 0 && h("p.dim", `${duration(total)} of work`),
		stages.length ? h("ol", stages.map(stage)) : h("p.dim", "No stage has run yet."),
		releases.length > 0 && [
			h("h3", "Releases"),
			h("ul", releases.map((one) => releaseItem(one))),
			h("p", h("a", { href: `/services/${encodeURIComponent(service)}` }, `All releases of ${service}`)),
		],
	);
}
