/**
 * The change that is proposed, or the best that was found, with its evidence; and the candidates that were refused, and why.
 */

import { diff, layouts } from "./diff.js";
import { h } from "./dom.js";
import { assessed, evidence } from "./evidence.js";
import { badge, block, fold, note, place } from "./parts.js";
import { clip, duration, numbered, plural, short, spaced } from "./words.js";

/** What would be merged comes first: that is what the reader decides on. */
export const patchOf = ({ proposal, verdicts = [] }) => proposal?.diff || verdicts.find((verdict) => verdict.chosen)?.diff || "";

function origin(verdict) {
	return h(
		"p.dim",
		`by ${clip(verdict.origin, 100)}`,
		verdict.seconds > 0 && ` · judged in ${duration(verdict.seconds)}`,
		verdict.chosen && ` · ${clip(verdict.reason, 500)}`,
		verdict.note && ` · in its words: “${clip(verdict.note, 300)}”`,
	);
}

const approximate = (report) => report?.approximate && note(`Approximate replay: ${clip(report.approximate, 300)}.`, "ask");

export function changePart(incident, page) {
	const { proposal, verdicts = [], report } = incident;
	const chosen = verdicts.find((verdict) => verdict.chosen);
	const patch = patchOf(incident);
	if (!patch) return null;
	return h(
		"div",
		{ key: "change" },
		h("h3", proposal ? numbered(proposal.draft ? "Draft proposal" : "Proposal", proposal.number) : "Best fix"),
		h(
			"div.row",
			{ key: "title" },
			h("p.cause", clip(proposal?.title ?? chosen.summary, 300)),
			layouts(page),
		),
		chosen && origin(chosen),
		diff(patch, page),
		chosen?.evidence && [
			h("h3", proposal?.recheck ? `Evidence of the fix before the commits by ${clip(proposal.recheck.by, 100)}` : "Evidence"),
			approximate(report),
			evidence(chosen.evidence, "chosen", page),
			assessed(chosen.assessment),
		],
		proposal?.body && fold("proposal", "The proposal's text", false, block("Text", proposal.body)),
		proposal && h("p.dim", h("code", `${proposal.branch} → ${proposal.base}`), ` at ${short(proposal.head_sha)}`),
	);
}

function candidate(verdict, index, page) {
	const finding = (one, at) =>
		h("li", { key: at }, `${one.number}. ${spaced(one.rule)} `, place(one), ` ${clip(one.reason, 500)}`);
	const key = `verdict ${index} ${verdict.origin}`;
	return fold(
		key,
		[
			verdict.accepted ? badge("accepted", "good") : badge("refused", "calm"),
			h("span", ` ${clip(verdict.summary, 200)}`),
			h("span.dim.why", clip(verdict.reason, 500)),
		],
		false,
		origin(verdict),
		verdict.findings?.length > 0 && h("ul", verdict.findings.map(finding)),
		verdict.diff && diff(verdict.diff, page),
		verdict.evidence && evidence(verdict.evidence, key, page),
		assessed(verdict.assessment),
	);
}

export function othersPart({ verdicts = [] }, page) {
	const others = verdicts.filter((verdict) => !verdict.chosen);
	if (!others.length) return null;
	const refused = others.filter((verdict) => !verdict.accepted).length;
	return h(
		"div",
		{ key: "others" },
		h("h3", "Other candidates"),
		h("p.dim", `${plural(refused, "candidate")} refused, each with why`),
		others.map((verdict, index) => candidate(verdict, index, page)),
	);
}
