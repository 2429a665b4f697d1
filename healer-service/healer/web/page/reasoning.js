/**
 * The Reasoning lane: why it broke and where the bad value came from, the change with its evidence, and the crash itself.
 */

import { h } from "./dom.js";
import { scored } from "./evidence.js";
import { layout } from "./layout.js";
import { badge, block, card, facts, fold, note, place, when } from "./parts.js";
import { changePart, othersPart } from "./proposed.js";
import { coloured } from "./python.js";
import { chain, earlierRequests, request, traceback } from "./traceback.js";
import { clip, short, spaced } from "./words.js";

/** The failing expression with the part of it that had the bad value marked, and what that was. */
function expression({ expression: whole, culprit, value }) {
	if (!whole) return null;
	const at = culprit ? whole.indexOf(culprit) : -1;
	const marked = [whole.slice(0, at), h("mark", culprit), whole.slice(at + culprit.length)];
	return [
		h("code", at < 0 ? clip(whole, 400) : marked),
		value && [h("span.dim", culprit ? ", where it was " : ", with "), h("code.was", clip(value, 200))],
	];
}

const WAYS = { read: "crashed on", assigned: "set by", passed: "passed in by", returned: "answered by" };

const followed = ({ trail = [], origins = [] }) => trail.length > 1 || (trail.length > 0 && origins.length > 0);

/** The way of the bad value, from the crash back to what it was taken from. */
function trailPart({ trail = [], origins = [] }) {
	if (!followed({ trail, origins })) return null;
	const step = (one, index) =>
		h(
			"li",
			{ key: index },
			h("span.way", WAYS[one.what] ?? one.what),
			h("code", coloured(clip(one.code, 200))),
			place(one),
		);
	const from = h("li.from", { key: "from" }, h("span.way", "taken from"), h("strong", origins.join(" and ")));
	return [
		h("h3", "Where the value came from"),
		h("ol.origins", { "aria-label": "Where the value came from" }, trail.map(step), origins.length > 0 && from),
	];
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
		h("p.cause", clip(one.cause, 1000)),
		one.decline_reason && note(clip(one.decline_reason, 1000)),
		facts([
			["What failed", expression(one)],
			["Bad value in", one.culprit && !one.expression?.includes(one.culprit) && h("code", clip(one.culprit, 200))],
			["Crashed at", one.fault && !followed(one) && place(one.fault)],
		]),
		trailPart(one),
		facts([
			["Where to fix", one.fix_sites?.length > 0 && h("ol", one.fix_sites.map(site))],
			["Looks alike, not changed", one.siblings?.length > 0 && h("ul", one.siblings.map(site))],
			["Last changed", one.suspect && lastChange(one.suspect)],
			["Kind", one.category && badge(spaced(one.category), "calm")],
			["Right answer", spaced(one.answer)],
		]),
		h(
			"div.scores",
			{ key: "scores" },
			scored("Sure of the cause", one.confidence, one.confidence_parts),
			scored("Risk at this place", one.risk, one.risk_parts, 0),
		),
	);
}

function crashPart({ report, address }, page) {
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
		report.request && [h("h3", "Request"), request(report.request, address, page)],
		report.earlier_requests?.length > 0 && earlierRequests(report.earlier_requests),
	);
}

let last = null; // {parts, lane}: the lane is long and mostly stays as it is while events come

export function reasoningLane(incident, page) {
	const { diagnosis, verdicts, proposal, report } = incident;
	const parts = [diagnosis, verdicts, proposal, report, layout(), page.keep, page.keep.drawn];
	if (!last?.parts.every((part, index) => part === parts[index])) {
		const lane = card(
			"reasoning",
			"Reasoning",
			diagnosisPart(diagnosis),
			changePart(incident, page),
			othersPart(incident, page),
			crashPart(incident, page),
		);
		last = { parts, lane };
	}
	return last.lane;
}
