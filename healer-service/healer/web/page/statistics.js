/**
 * The numbers that matter, over the last days: how many crashes end healed, how long that takes, and what became of the fixes.
 */

import { aboveAndBelow, course, stacked } from "./charts.js";
import { h } from "./dom.js";
import { filterLink } from "./filters.js";
import { note, remembered } from "./parts.js";
import { NOT_HEALED, clip, dayOf, duration, percent, spaced, withoutHash } from "./words.js";

export const DAYS = 30;
const OUTCOMES = ["merged", "rejected", "rolled_back", "open"];
const ROWS = 5;
const LEAST = 4; // proposals that fill a bar: one alone is no reason for a long one

const notHealed = (day) => NOT_HEALED.reduce((sum, name) => sum + (day[name] ?? 0), 0);

/** What happened on a day, in a sentence. */
function told(day) {
	const ends = ["healed", ...NOT_HEALED].filter((name) => day[name]).map((name) => `${day[name]} ${spaced(name)}`);
	return `${dayOf(day.day)}: ${ends.join(", ") || "nothing ended"}`;
}

/** `says` alone stands for a figure that has no value yet. */
function figure(key, title, value, says, drawing, days) {
	const between = () => h("p.span.dim", h("span", dayOf(days[0].day)), h("span", "today"));
	return h(
		"figure",
		{ key, "aria-labelledby": `${key}-title` },
		h("h3", { id: `${key}-title` }, title),
		value && h("p.value", value),
		h("p.dim", { key: "says" }, says),
		value && [drawing, between()],
	);
}

function healed({ days, deploys, healed_share: share, ended_healed: kept, ended_otherwise: lost }) {
	const good = days.reduce((total, day) => total + day.healed, 0);
	const bad = days.reduce((total, day) => total + notHealed(day), 0);
	const columns = days.map((day) => ({ up: day.healed, down: notHealed(day), text: told(day) }));
	const label = `What incidents came to on each day: healed above the line, ${good} times in all; not healed below it, ${bad} times.`;
	const ended = Number.isFinite(share);
	const none = deploys === false ? "Healing ends at the merge here: no service is deployed by the healer." : "No incident has ended.";
	const says = ended ? `${kept.toLocaleString("en")} healed in the end, ${lost.toLocaleString("en")} not` : none;
	return figure("healed", "Healed", ended && percent(share), says, aboveAndBelow(columns, label), days);
}

function repair({ days, median_seconds: median }) {
	const text = ({ day, median_seconds: value }) => `${dayOf(day)}: ${Number.isFinite(value) ? duration(value) : "nothing healed"}`;
	const points = days.map((day) => ({ value: day.median_seconds, text: text(day) }));
	const known = days.map((day) => day.median_seconds).filter(Number.isFinite);
	const range = known.length > 0 && `, between ${duration(Math.min(...known))} and ${duration(Math.max(...known))}`;
	const label = `Each day's median time to repair${range || ""}.`;
	const says = range ? "median to healed" : "Nothing has been healed.";
	return figure("repair", "Time to repair", range && duration(median), says, course(points, label), days);
}

const sum = (row) => OUTCOMES.reduce((total, name) => total + (row[name] ?? 0), 0);
const words = (row) => OUTCOMES.filter((name) => row[name]).map((name) => `${row[name].toLocaleString("en")} ${spaced(name)}`);

/** A bar for each name: `filter` is what the incidents are filtered by for one. */
function outcomes(filter, title, rows) {
	const given = rows.filter(sum);
	const most = Math.max(...given.map(sum), LEAST);
	const left = given.length - ROWS;
	const row = (one) => {
		const name = withoutHash(one.name);
		const link = filterLink({ [filter]: name }, clip(filter === "category" ? spaced(name) : name, 40), one.name);
		const bar = stacked(OUTCOMES.map((outcome) => [outcome, one[outcome]]), most);
		return h("li", { key: one.name }, h("div.row", h("span", link), h("span.dim", words(one).join(" · "))), bar);
	};
	return h(
		"figure.outcomes",
		{ key: filter, "aria-labelledby": `by-${filter}` },
		h("h3", { id: `by-${filter}` }, title),
		given.length ? h("ul", given.slice(0, ROWS).map(row)) : h("p.dim", "No fix has been proposed."),
		left > 0 && h("p.dim", `and ${left} more`),
	);
}

const happened = ({ incidents, healed_share: share, by_category: fixes }) => incidents > 0 || share !== null || fixes.length > 0;

const body = remembered((statistics) => {
	if (!happened(statistics)) return h("p.dim", { key: "none" }, "No crash was reported in these days.");
	return h(
		"div.figures",
		{ key: "figures" },
		healed(statistics),
		repair(statistics),
		outcomes("category", "Fixes by category", statistics.by_category),
		outcomes("origin", "Fixes by origin", statistics.by_origin),
	);
});

/** They come after the rest of the view; `moreProblem`: why they do not. */
export function statisticsPart({ statistics, moreProblem }) {
	const blank = moreProblem || (statistics && !happened(statistics));
	return h(
		"section",
		{ key: "statistics", class: `card statistics ${blank ? "blank" : "full"}`, "aria-labelledby": "statistics" },
		h("div.row", { key: "title" }, h("h2", { id: "statistics" }, `The last ${DAYS} days`), h("p.dim", "days in UTC")),
		moreProblem && note(`The numbers could not be counted: ${clip(moreProblem.message, 300)}`, "ask", "problem"),
		statistics ? body(statistics) : !moreProblem && h("p.dim", { key: "wait" }, "Counting…"),
	);
}
