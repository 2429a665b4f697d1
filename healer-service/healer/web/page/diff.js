/**
 * Shows a unified diff file by file with line numbers, unified or side by side, and long ones bit by bit. It makes no diffs.
 */

import { pairs, parse } from "./changes.js";
import { h } from "./dom.js";
import { choose, layout, roomy } from "./layout.js";
import { source } from "./parts.js";
import { plural } from "./words.js";

const LONG = 300; // lines: a file with more is opened on demand
const AT_ONCE = 500; // lines that are shown, and as many more each time they are asked for
const MOST_MADE = 60;
const WORDS = { unified: "Unified", split: "Side by side" };

const made = new Map(); // what was shown → its description: while events come, a long diff is not described again

function remembered(key, describe) {
	if (!made.has(key)) {
		if (made.size >= MOST_MADE) made.clear();
		made.set(key, describe());
	}
	return made.get(key);
}

const files = (text) => remembered(`files ${text}`, () => parse(text));

function lines(text, at, file, count, how) {
	const python = file.file.endsWith(".py");
	return remembered(`${how} ${count} ${at} ${text}`, () => {
		const some = file.lines.slice(0, count);
		if (how === "unified") return source(`Change of ${file.file}`, some, python);
		const side = (index) => pairs(some).map((row) => row[index] ?? { class: "blank", sign: " ", text: "" });
		return h(
			"div.sides",
			source(`${file.file} before`, side(0), python),
			source(`${file.file} after`, side(1), python),
		);
	});
}

function file(text, one, at, { keep, redraw }) {
	keep.lines ??= new Map(); // what the reader opened → lines of it that are shown
	const key = `diff ${one.file}`;
	const id = `${key} ${one.lines.length}`;
	const count = keep.lines.get(id) ?? (one.lines.length < LONG ? AT_ONCE : 0);
	const show = (more) => {
		keep.lines.set(id, more);
		keep.drawn = (keep.drawn ?? 0) + 1;
		redraw();
	};
	const left = one.lines.length - count;
	const sum = (kind) => one.lines.filter((line) => line.class === kind).length;
	return h(
		"details.file",
		{ key, open: one.lines.length < LONG, ontoggle: ({ target }) => target.open && !count && show(AT_ONCE) },
		h("summary", h("code", one.file), h("span.good", `+${sum("add")}`), h("span.bad", `−${sum("del")}`)),
		count > 0 && lines(text, at, one, count, layout()),
		count > 0 &&
			left > 0 &&
			h(
				"p.rest",
				{ key: "rest" },
				h(
					"button.quiet",
					{ type: "button", onclick: () => show(count + AT_ONCE) },
					`Show more (${plural(left, "line")} left)`,
				),
			),
	);
}

/** `page`: its `keep` remembers what the reader opened. */
export function diff(text, page) {
	return files(text).map((one, at) => file(text, one, at, page));
}

/** The switch between the layouts, where there is room for both. */
export function layouts({ keep, redraw }) {
	if (!roomy()) return null;
	const one = (name) => {
		const onclick = () => {
			choose(name);
			keep.drawn = (keep.drawn ?? 0) + 1;
			redraw();
		};
		const pressed = String(layout() === name);
		return h("button.quiet", { key: name, type: "button", "aria-pressed": pressed, onclick }, WORDS[name]);
	};
	const group = { key: "layouts", role: "group", "aria-label": "How changes are shown" };
	return h("div.layouts", group, Object.keys(WORDS).map(one));
}
