/**
 * The Patch log lane: what happened, line by line, and what the model writes, as it comes.
 */

import { h } from "./dom.js";
import { watch } from "./follow.js";
import { card } from "./parts.js";
import { absolute, moment, told } from "./words.js";

const LINES = 400;
const made = new WeakMap(); // line → its description, which is not made again

function line(event) {
	if (!made.has(event)) made.set(event, described(event));
	return made.get(event);
}

function described(event) {
	return h(
		"li",
		{ key: event.id, class: event.ui_hint },
		h("time", { datetime: event.timestamp, title: absolute(event.timestamp) }, moment(event.timestamp)),
		event.text === undefined ? h("span.told", told(event)) : h("pre.written", event.text),
	);
}

/** `lines`: oldest first, after as many as `left` says (see lines.js). */
export function patchLogLane({ events: lines = [], left = 0 }) {
	const skipped = Math.max(0, lines.length - LINES) + left;
	return card(
		"patchlog",
		"Patch log",
		h(
			"div.log.follows",
			{ id: "log", tabindex: "0", role: "region", "aria-label": "Events", onscroll: watch },
			skipped > 0 && h("p.dim", `${skipped.toLocaleString("en")} earlier lines not shown`),
			lines.length ? h("ol", lines.slice(-LINES).map(line)) : h("p.dim", "No event yet."),
		),
	);
}
