/**
 * A proposal that takes a release back on the branch, and the decision about it. It asks once, and is sent once.
 */

import { decideRevert } from "./api.js";
import { ask } from "./dialog.js";
import { diff } from "./diff.js";
import { h } from "./dom.js";
import { block, decision, fold, note } from "./parts.js";
import { remember, waiting } from "./sent.js";
import { clip, numbered, published, short } from "./words.js";

const named = ({ number }) => numbered("Revert", number);
export const undecided = (revert) => ["prepared", "open"].includes(revert?.state);

const DECISIONS = {
	approve: {
		label: "Approve the revert",
		tone: "primary",
		asks: "Merge this revert?",
		tells: (revert) =>
			`${named(revert)} is merged into ${revert.base}, which takes back there what release ${short(revert.commit)} brought. ` +
			`Then ${revert.base} is released to ${revert.service}.`,
		body: (_, { head_sha }) => ({ head_sha }), // what the reader saw, and nothing newer
		done: "Approved. The merge is on its way.",
	},
	reject: {
		label: "Reject the revert",
		tone: "danger",
		asks: "Reject this revert?",
		tells: (revert) =>
			`${named(revert)} is closed without merging it. ${revert.base} keeps what release ${short(revert.commit)} brought, ` +
			"and the next release has it again.",
		reason: "optional",
		done: "Rejected.",
	},
};

function standing({ url, state, by, closing, merge_sha: merged }) {
	const said = [merged && `as ${short(merged)}`, by && `by ${clip(by, 100)}`].filter(Boolean).join(" ");
	const elsewhere = /^https?:/.test(url) && URL.canParse(url) && new URL(url).origin !== location.origin;
	return [
		h(
			"p.dim",
			{ key: "standing" },
			elsewhere && h("a", { href: url, rel: "noreferrer", target: "_blank" }, "Open the pull request"),
			elsewhere && said && " · ",
			said && `${state} ${said}`,
		),
		closing && note(`It is being closed: ${clip(closing, 400)}`, "busy", "closing"),
	];
}

export function revertPart(revert, page) {
	if (!revert) return null;
	const open = undecided(revert) && !revert.closing && page.role === "operator";
	const situation = `${revert.state} ${revert.head_sha}`;
	const pending = waiting(revert.branch, situation);
	const decided = (text) => {
		remember(revert.branch, situation, text);
		page.changed(text);
	};
	const button = ([action, { tells, done, body = (reason) => ({ reason }), ...asked }]) => {
		const send = (given) => decideRevert(revert, action, body(given, revert));
		const onclick = async () => (await ask({ ...asked, text: tells(revert), send })) && decided(done);
		return decision(asked.label, { key: action, class: asked.tone, off: Boolean(pending || page.cached), onclick });
	};
	const possible = Object.entries(DECISIONS).filter(([action]) => action === "reject" || revert.state === "open");
	return h(
		"div.revert",
		{ key: `revert ${revert.commit}` },
		h("h3", `${named(revert)} (${published(revert.state)})`),
		h("p", h("strong", clip(revert.title, 300))),
		standing(revert),
		revert.diff && diff(revert.diff, page),
		revert.body && fold("text", "The proposal's text", false, block("Text", revert.body)),
		open && h("div.actions", { key: "actions" }, possible.map(button)),
		open && pending && note(pending.text, "calm", "sent"),
	);
}
