/**
 * The Patch log lane: what happened, line by line, and what the model writes, as it comes.
 */

import { h } from "./dom.js";
import { reading, watch } from "./follow.js";
import { card } from "./parts.js";
import { absolute, moment, plural, told } from "./words.js";

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

/** The end of what is given; while the reader is at lines of it, they stay. */
function shown({ events = [], left = 0 }, keep) {
	const log = document.getElementById("log");
	if (!keep.log || !log || !reading(log)) keep.log = { events, left };
	return keep.log;
}

function toTheEnd({ currentTarget }) {
	const log = currentTarget.parentElement;
	log.scrollTop = log.scrollHeight;
	log.focus({ preventScroll: true });
}

function newer({ events = [], left = 0 }, lines) {
	if (events === lines || !events.length) return null;
	const at = events.findLastIndex(({ id }) => id <= (lines.at(-1)?.id ?? -1));
	const count = events.length - 1 - at;
	const text = count > 0 ? plural(count, "newer line") : "Newer text";
	return h("button.to-end", { key: "newer", type: "button", onclick: toTheEnd }, at < 0 && left > 0 ? `More than ${text}` : text);
}

/** `events`: the lines, oldest first, after as many as `left` says (see lines.js). */
export function patchLogLane(incident, { keep, redraw }) {
	const { events: lines, left } = shown(incident, keep);
	const skipped = Math.max(0, lines.length - LINES) + left;
	const onscroll = (event) => watch(event) && redraw();
	return card(
		"patchlog",
		"Patch log",
		h(
			"div.log.follows",
			{ id: "log", tabindex: "0", role: "region", "aria-label": "Events", onscroll },
			skipped > 0 && h("p.dim", `${skipped.toLocaleString("en")} earlier lines not shown`),
			lines.length ? h("ol", lines.slice(-LINES).map(line)) : h("p.dim", "No event yet."),
			newer(incident, lines),
		),
	);
}
