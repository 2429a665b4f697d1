/**
 * The Reasoning lane: the cause, the change with its evidence, what was refused and why, and the crash itself.
 */

import { h } from "./dom.js";
import { diff } from "./diff.js";
import { badge, block, card, facts, fold, note, place, when } from "./parts.js";
import { chain, earlierRequests, request, traceback } from "./traceback.js";
import { clip, duration, failure, numbered, plural, short, spaced } from "./words.js";

function share(label, value, optimum) {
	if (!Number.isFinite(value)) return null;
	return [h("meter", { low: "0.4", high: "0.7", value, optimum, "aria-label": label }), `${Math.round(value * 100)} %`];
}

/** The failing expression with the part of it that had the bad value marked. */
function expression({ expression: whole, culprit }) {
	const at = culprit ? (whole ?? "").indexOf(culprit) : -1;
	if (at < 0) return whole && h("code", clip(whole, 400));
	return h("code", whole.slice(0, at), h("mark", culprit), whole.slice(at + culprit.length));
}

function lastChange({ commit, author, date, summary }) {
	return [h("code", short(commit)), ` by ${clip(author, 100)}, `, when(date), h("span.dim", ` ${clip(summary, 200)}`)];
}

function diagnosisPart(one) {
	if (!one) return h("p.dim", { key: "none" }, "No diagnosis yet.");
	const site = (at, index) => h("li", { key: index }, place(at), at.why && h("span.dim", ` ${clip(at.why, 300)}`));
	return h(
		"div",
		{ key: "diagnosis" },
		h("h3", "Cause"),
		h("p", clip(one.cause, 1000)),
		one.decline_reason && note(clip(one.decline_reason, 1000)),
		facts([
			["What failed", expression(one)],
			["Bad value in", one.culprit && h("code", clip(one.culprit, 200))],
			["Crashed at", one.fault && place(one.fault)],
			["Last changed", one.suspect && lastChange(one.suspect)],
			["Where to fix", one.fix_sites?.length > 0 && h("ol", one.fix_sites.map(site))],
			["Looks alike, not changed", one.siblings?.length > 0 && h("ul", one.siblings.map(site))],
			["Kind", one.category],
			["Right answer", spaced(one.answer)],
			["Sure of the cause", share("Sure of the cause", one.confidence, 1)],
			["Risk at this place", share("Risk at this place", one.risk, 0)],
		]),
	);
}

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
	return run
		? [
				badge(`${run.passed} passed`, run.failed || run.problem ? "bad" : "good"),
				run.failed > 0 && ` ${run.failed} failed`,
				clip(run.problem, 300),
			]
		: "—";
}

const ran = (outcome) => badge(outcome, outcome === "passed" ? "good" : "bad");

function list(title, lines) {
	return lines?.length > 0 && [h("h4", title), h("ul", lines.map((line, index) => h("li", { key: index }, line)))];
}

function traffic(differences) {
	return [badge("as before", "good"), differences?.length > 0 && " in status and shape; some values differ"];
}

function evidence({ before, after, tests, isolation, ...more }) {
	const { shown_by, earlier_requests: earlier = 0, differences, regression, not_run: idle, unsteady } = more;
	const row = (title, left, right) => h("tr", h("th", { scope: "row" }, title), h("td", left), h("td", right));
	const head = ["Before", "With the fix"].map((title) => h("th", { scope: "col" }, title));
	return [
		h(
			"table",
			{ "aria-label": "Evidence" },
			h("thead", h("tr", h("td"), head)),
			h(
				"tbody",
				row(shown_by === "call" ? "Call of the function" : "Request", outcome(before), outcome(after)),
				after && earlier > 0 && row("Recorded traffic", plural(earlier, "request"), traffic(differences)),
				tests && row("Tests", suite(tests.before), suite(tests.after)),
				regression && row("New test", ran(regression.before), ran(regression.after)),
			),
		),
		list(
			"Other answers to recorded traffic",
			differences?.map((one) => [h("code", clip(one.request, 120)), ` ${clip(one.what, 300)}`]),
		),
		list("Changed lines that nothing ran", idle?.map(place)),
		list(
			"Unsteady",
			unsteady?.map((text) => clip(text, 300)),
		),
		isolation?.length > 0 && h("p.dim", `Judged in a sandbox: ${isolation.join(", ")}.`),
	];
}

/** A score as the sum it is. */
function scored(title, total, parts, optimum) {
	const row = (part, index) =>
		h("tr", { key: index }, h("th", { scope: "row" }, part.name), h("td.number", signed(part.points)), h("td", clip(part.why, 300)));
	return fold(
		`score ${title}`,
		[h("span", `${title} `), share(title, total, optimum)],
		false,
		h("table.parts", { "aria-label": title }, h("tbody", parts.map(row))),
	);
}

const signed = (points) => `${points < 0 ? "−" : "+"}${Math.abs(points).toFixed(2)}`;

function assessed(one) {
	return (
		one && [
			scored("Confidence", one.confidence, one.confidence_parts, 1),
			scored("Risk", one.risk, one.risk_parts, 0),
		]
	);
}

function origin(verdict) {
	return h(
		"p.dim",
		`by ${verdict.origin}`,
		verdict.seconds && ` · judged in ${duration(verdict.seconds)}`,
		verdict.chosen && ` · ${clip(verdict.reason, 500)}`,
		verdict.note && ` · in its words: “${clip(verdict.note, 300)}”`,
	);
}

const approximate = (report) => report?.approximate && note(`Approximate replay: ${clip(report.approximate, 300)}.`, "ask");

function changePart(proposal, chosen, report) {
	const patch = proposal?.diff || chosen?.diff; // what would be merged comes first: that is what the reader decides on
	if (!patch) return null;
	return h(
		"div",
		{ key: "change" },
		h("h3", proposal ? numbered(proposal.draft ? "Draft proposal" : "Proposal", proposal.number) : "Best fix"),
		h("p.cause", clip(proposal?.title ?? chosen.summary, 300)),
		chosen && origin(chosen),
		diff(patch),
		chosen?.evidence && [h("h3", "Evidence"), approximate(report), evidence(chosen.evidence), assessed(chosen.assessment)],
		proposal?.body && fold("proposal", "The proposal's text", false, block("Text", proposal.body)),
		proposal && h("p.dim", h("code", `${proposal.branch} → ${proposal.base}`), ` at ${short(proposal.head_sha)}`),
	);
}

function candidate(verdict, index) {
	const finding = (one, at) =>
		h("li", { key: at }, `${one.number}. ${spaced(one.rule)} `, place(one), ` ${clip(one.reason, 500)}`);
	return fold(
		`verdict ${index} ${verdict.origin}`,
		[
			verdict.accepted ? badge("accepted", "good") : badge("refused", "calm"),
			h("span", ` ${clip(verdict.summary, 200)}`),
			h("span.dim.why", clip(verdict.reason, 500)),
		],
		false,
		origin(verdict),
		verdict.findings?.length > 0 && h("ul", verdict.findings.map(finding)),
		verdict.diff && diff(verdict.diff),
		verdict.evidence && evidence(verdict.evidence),
		assessed(verdict.assessment),
	);
}

function othersPart(others) {
	if (!others.length) return null;
	return h("div", { key: "others" }, h("h3", "Other candidates"), others.map(candidate));
}

function crashPart(report) {
	if (!report) return null;
	const message = report.exception?.message ?? "";
	const versions = Object.entries(report.versions ?? {}).map(([name, version]) => `${name} ${version}`);
	return h(
		"div",
		{ key: "crash" },
		h("h3", "Crash"),
		message.length > 1000 && fold("message", "The whole message", false, block("Message", message, 100_000)),
		traceback(report),
		chain(report.chain ?? []),
		facts([
			["Replay", report.approximate && `approximate: ${clip(report.approximate, 300)}`],
			["Caught", clip(report.caught, 200)],
			["Reported by", clip(report.client, 100)],
			["Platform", report.platform],
			["Versions", clip(versions.join(", "), 600)],
			["Release", short(report.release)],
		]),
		report.request && [h("h3", "Request"), request(report.request)],
		report.earlier_requests?.length > 0 && earlierRequests(report.earlier_requests),
	);
}

let last = null; // {parts, lane}: the lane is long and mostly stays as it is while events come

export function reasoningLane({ diagnosis, verdicts = [], proposal, report }) {
	const parts = [diagnosis, verdicts, proposal, report];
	if (!last?.parts.every((part, index) => part === parts[index])) {
		const chosen = verdicts.find((verdict) => verdict.chosen);
		const lane = card(
			"reasoning",
			"Reasoning",
			diagnosisPart(diagnosis),
			changePart(proposal, chosen, report),
			othersPart(verdicts.filter((verdict) => verdict !== chosen)),
			crashPart(report),
		);
		last = { parts, lane };
	}
	return last.lane;
}
