/**
 * Small charts as SVG shapes: numbers in, shapes with their words out. The shapes stretch with their place, so numbers and
 * names stand beside them as text. Colour only repeats what position, shape or a word says already.
 */

import { h } from "./dom.js";

const HEIGHT = 100;
const GAP = 0.25; // of a bar's room

const positive = (number) => (Number.isFinite(number) && number > 0 ? number : 0);
const rounded = (number) => Math.round(number * 100) / 100;

function drawing(name, width, height, label, ...shapes) {
	const words = label ? { role: "img", "aria-label": label } : { "aria-hidden": "true" };
	return h(`svg.${name}`, { viewBox: `0 0 ${width} ${height}`, preserveAspectRatio: "none", ...words }, shapes);
}

const rectangle = (x, y, width, height) =>
	height > 0 && width > 0 ? `M${rounded(x)} ${rounded(y)}h${rounded(width)}v${rounded(height)}h${rounded(-width)}z` : "";

/** One bar a number. `label` says in words what is seen. */
export function sparkline(counts, label) {
	const most = Math.max(...counts.map(positive), 1);
	// The smallest bar is still seen; nothing has no bar.
	const tall = (count) => (positive(count) ? 3 + (17 * count) / most : 0);
	const bars = counts.map((count, at) => rectangle(at * 4, 20 - tall(count), 3, tall(count)));
	return drawing("spark", counts.length * 4 - 1, 20, label, h("path", { d: bars.join("") }));
}

/** The words that a pointer shows over one column. */
const hint = (at, text) =>
	h("rect.hint", { key: `hint ${at}`, x: at, y: 0, width: 1, height: HEIGHT }, h("title", text));

/** What is above the line is good, what is below it is not: [{up, down, text}]. */
export function aboveAndBelow(columns, label) {
	const up = Math.max(...columns.map((one) => positive(one.up)), 0);
	const down = Math.max(...columns.map((one) => positive(one.down)), 0);
	const unit = (HEIGHT - 2) / Math.max(up + down, 1);
	const line = up * unit + 1;
	const above = columns.map((one, at) => rectangle(at + GAP / 2, line - positive(one.up) * unit, 1 - GAP, positive(one.up) * unit));
	const below = columns.map((one, at) => rectangle(at + GAP / 2, line, 1 - GAP, positive(one.down) * unit));
	return drawing(
		"columns",
		columns.length,
		HEIGHT,
		label,
		h("path.good", { d: above.join("") }),
		h("path.bad", { d: below.join("") }),
		h("path.axis", { d: `M0 ${rounded(line)}H${columns.length}` }),
		columns.map((one, at) => hint(at, one.text)),
	);
}

/** A dot for each number, joined by a line; where there is none, the line goes on to the next: [{value, text}]. */
export function course(points, label) {
	const most = Math.max(...points.map((one) => positive(one.value)), 0) || 1;
	const known = points
		.map(({ value }, at) => [at + 0.5, rounded(HEIGHT - 8 - ((HEIGHT - 16) * positive(value)) / most), value])
		.filter(([, , value]) => Number.isFinite(value));
	return drawing(
		"course",
		points.length,
		HEIGHT,
		label,
		h("path.axis", { d: `M0 ${HEIGHT}H${points.length}` }),
		h("path.line", { d: known.map(([x, y], at) => `${at ? "L" : "M"}${x} ${y}`).join("") }),
		h("path.dots", { d: known.map(([x, y]) => `M${x} ${y}h0`).join("") }),
		points.map((one, at) => hint(at, one.text)),
	);
}

/** One bar of several parts, beside the others of its table: [[class, number]], `most` is the longest bar's sum. */
export function stacked(parts, most) {
	const unit = 100 / Math.max(most, 1);
	let x = 0;
	const shapes = parts.map(([name, number]) => {
		const width = positive(number) * unit;
		x += width;
		return h(`rect.${name}`, { key: name, x: rounded(x - width), y: 0, width: rounded(width), height: 10 });
	});
	return drawing("stacked", 100, 10, "", shapes);
}
