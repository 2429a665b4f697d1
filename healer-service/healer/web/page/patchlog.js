/**
 * The Patch log lane: what happened, line by line, and what the model writes, as it comes.
 */

import { h } from "./dom.js";
import { watch } from "./follow.js";
import { card } from "./parts.js";
import { absolute, clock, told } from "./words.js";

const LINES = 400;

function line(event) {
	return h(
		"li",
		{ key: event.id, class: event.ui_hint },
		h("time", { datetime: event.timestamp, title: absolute(event.timestamp) }, clock(event.timestamp)),
		event.type === "model.tokens" ? h("pre.written", event.text) : h("span.told", told(event)),
	);
}

/** An answer's tokens come in many events: one line for each answer, keyed by the first of them. */
function joined(events) {
	const lines = [];
	let answer = null;
	for (const event of events) {
		if (event.type !== "model.tokens") {
			lines.push(event);
			if (event.type === "model.asked") answer = null;
		} else if (answer) {
			answer.text += event.payload.text;
		} else {
			answer = { ...event, text: event.payload.text };
			lines.push(answer);
		}
	}
	return lines;
}

/** `events`: oldest first. */
export function patchLogLane(events) {
	const lines = joined(events);
	const skipped = lines.length - LINES;
	return card(
		"patchlog",
		"Patch log",
		h(
			"div.log.follows",
			{ id: "log", tabindex: "0", role: "region", "aria-label": "Events", onscroll: watch },
			skipped > 0 && h("p.dim", `${skipped} earlier lines not shown`),
			lines.length ? h("ol", lines.slice(-LINES).map(line)) : h("p.dim", "No event yet."),
		),
	);
}
