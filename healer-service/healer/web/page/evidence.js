/**
 * The evidence of one verdict: what was run before and with the fix, what it showed, and the scores as the sums they are.
 */

import { diff } from "./diff.js";
import { h } from "./dom.js";
import { badge, block, fold, place } from "./parts.js";
import { clip, duration, failure, percent, plural } from "./words.js";

function outcome(side) {
	if (!side) return "—";
	const called = side.value !== null && side.value !== undefined;
	const crashed = side.exception || (!called && (!side.status || side.status >= 500));
	const word = side.status ? `HTTP ${side.status}` : called ? "a value" : side.exception ? "raises" : "no answer";
	return [
		badge(word, crashed ? "bad" : "good"),
		called && h("p", h("code", clip(side.value, 300))),
		side.exception && h("p", h("code", clip(failure(side.exception), 300))),
		side.body && h("p", h("code", clip(side.body, 400))),
	];
}

function suite(run) {
	if (!run) return "—";
	return [
		badge(`${run.passed} passed`, run.failed || run.problem ? "bad" : "good"),
		run.failed > 0 && ` ${run.failed} failed`,
		run.seconds > 0 && h("span.dim", ` in ${duration(run.seconds)}`),
		run.problem && h("p", clip(run.problem, 300)),
	];
}

const ran = (result) => badge(result || "not run", result === "passed" ? "good" : "bad");

function list(title, lines) {
	return lines?.length > 0 && [h("h4", title), h("ul", lines.map((line, index) => h("li", { key: index }, line)))];
}

/** What a person has to look at: whether anything that worked is answered in another way. */
function traffic(differences = []) {
	const matter = differences.filter((one) => one.matters).length;
	if (matter) return [badge(plural(matter, "difference"), "bad"), " in status or shape"];
	return [badge("as before", "good"), differences.length > 0 && " in status and shape; some values differ"];
}

function differencesPart(differences = []) {
	if (!differences.length) return null;
	const row = ({ request, what, matters }, index) =>
		h(
			"tr",
			{ key: index },
			h("th", { scope: "row" }, h("code", clip(request, 120))),
			h("td", clip(what, 300)),
			h("td", matters ? badge("matters", "bad") : badge("value only", "calm")),
		);
	const head = ["Request", "What differs", "Weight"].map((title) => h("th", { scope: "col" }, title));
	return [
		h("h4", "Other answers to recorded traffic"),
		h(
			"table.differences",
			{ "aria-label": "Other answers to recorded traffic" },
			h("thead", h("tr", head)),
			h("tbody", differences.map(row)),
		),
	];
}

/** What a run of the tests said in the end: `key` tells apart where it stands. */
function output(key, title, run) {
	if (!run?.output && !run?.failing?.length) return null;
	return fold(
		`${key} ${title}`,
		h("span", title),
		false,
		run.failing?.length > 0 && h("ul.failing", run.failing.map((test) => h("li", { key: test }, h("code", clip(test, 200))))),
		run.output && block(title, run.output),
	);
}

/** `key` tells the evidence of one verdict from that of another. */
export function evidence({ before, after, tests, isolation, ...more }, key, page) {
	const { shown_by: shownBy, shown_with: shownWith, earlier_requests: earlier = 0, differences, regression, not_run: idle, unsteady } = more;
	const row = (title, left, right, exactly) =>
		h(
			"tr",
			{ key: title },
			h("th", { scope: "row" }, title, exactly && [" ", h("code", clip(exactly, 600))]),
			h("td", left),
			h("td", right),
		);
	const head = ["Before", "With the fix"].map((title) => h("th", { key: title, scope: "col" }, title));
	return [
		h(
			"table.evidence",
			{ "aria-label": "Evidence" },
			h("thead", h("tr", h("td", { key: "corner" }), head)),
			h(
				"tbody",
				row(shownBy === "call" ? "Call of the function" : "Request", outcome(before), outcome(after), shownWith),
				after && earlier > 0 && row("Recorded traffic", plural(earlier, "request"), traffic(differences)),
				tests && row("Tests", suite(tests.before), suite(tests.after)),
				regression && row("New test", ran(regression.before), ran(regression.after)),
			),
		),
		differencesPart(differences),
		tests && [
			output(key, "Output of the tests before", tests.before),
			output(key, "Output of the tests with the fix", tests.after),
		],
		regression?.diff &&
			fold(
				`${key} regression`,
				[h("span", "The new test "), h("code.dim", clip(regression.test, 200))],
				false,
				diff(regression.diff, page),
			),
		list("Changed lines that nothing ran", idle?.map(place)),
		list(
			"Unsteady",
			unsteady?.map((text) => clip(text, 300)),
		),
		isolation?.length > 0 && h("p.dim", `Judged in a sandbox: ${isolation.join(", ")}.`),
	];
}

function share(label, value, optimum) {
	if (!Number.isFinite(value)) return null;
	return [h("meter", { low: "0.4", high: "0.7", value, optimum, "aria-label": label }), percent(value)];
}

const signed = (points) => `${points < 0 ? "−" : "+"}${Math.abs(points).toFixed(2)}`;

/** A score as the sum it is; `optimum`: 1 where much of it is good, 0 where little. */
export function scored(title, total, parts = [], optimum = 1) {
	const row = (part, index) =>
		h(
			"tr",
			{ key: index },
			h("th", { scope: "row" }, part.name),
			h("td.number", signed(part.points)),
			part.why && h("td", clip(part.why, 300)),
		);
	const sum = [h("span", `${title} `), share(title, total, optimum)];
	if (!parts.length) return h("p", { key: `score ${title}` }, sum); // of a heal from before they were kept
	return fold(
		`score ${title}`,
		sum,
		false,
		h("table.parts", { "aria-label": title }, h("tbody", parts.map(row))),
	);
}

export function assessed(one) {
	if (!one) return null;
	const scores = [scored("Confidence", one.confidence, one.confidence_parts), scored("Risk", one.risk, one.risk_parts, 0)];
	return h("div.scores", { key: "scores" }, scores);
}
