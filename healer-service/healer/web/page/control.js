/**
 * The Control lane: what the reader may decide now. Every action asks once, says what will happen, and is sent once.
 */

import { act } from "./api.js";
import { ask } from "./dialog.js";
import { discussion } from "./discussion.js";
import { h } from "./dom.js";
import { card, note } from "./parts.js";
import { revertPart } from "./revert.js";
import { remember, waiting } from "./sent.js";
import { clip, published, short } from "./words.js";

const named = (proposal) => (proposal?.number ? `Proposal #${proposal.number}` : "The proposal");

/**
 * `tells`: what will happen; `reason`: "required" or "optional" where the reader may say something, `prompt` and `lacking`
 * where that is no reason; `body`: what is sent.
 */
const ACTIONS = {
	approve: {
		label: "Approve and merge",
		tone: "primary",
		asks: "Merge this fix?",
		tells: ({ proposal, service }) =>
			`${named(proposal)} is merged into ${proposal?.base} and released to ${service} without dropping a request. ` +
			"If the new release does not come up, the running one stays.",
		body: (_, { proposal }) => ({ head_sha: proposal?.head_sha ?? "" }), // what the reader saw, and nothing newer
		done: "Approved. The merge is on its way.",
	},
	"request-changes": {
		label: "Request changes",
		asks: "Ask for another fix?",
		tells: ({ proposal }) =>
			`A new round begins with what you write as feedback: another fix is made and proved, and takes the place of this one. ` +
			`It is round ${proposal.rounds + 1} of at most ${proposal.most_rounds}.`,
		reason: "required",
		prompt: "What should be different",
		lacking: "Say what should be different.",
		body: (text) => ({ text }),
		done: "Changes are asked for. The new round is on its way.",
	},
	reject: {
		label: "Reject",
		tone: "danger",
		asks: "Reject this proposal?",
		tells: ({ proposal, service }) =>
			`${named(proposal)} is closed without merging it. ${service} stays as it is, and the crash can happen again.`,
		reason: "required",
		done: "Rejected.",
	},
	retry: {
		label: "Retry",
		asks: "Heal this incident again?",
		tells: () => "The heal starts again from the latest report: diagnosis, candidates, verdicts.",
		reason: "optional",
		prompt: "What the next attempt should know",
		body: (hint) => ({ hint }),
		done: "A new heal is on its way.",
	},
	rollback: {
		label: "Roll back",
		tone: "danger",
		asks: "Roll back to the release before the fix?",
		tells: ({ releases = [], service }) => {
			const previous = releases.findLast((release) => release.previous)?.previous;
			const to = previous ? `release ${short(previous)}` : "the release before";
			return `${service} goes back to ${to}. The crash can happen again.`;
		},
		reason: "optional",
		done: "The way back has begun.",
	},
};

/** What a decision is about: the incident as it stood when the reader decided. */
function situation({ state, events = [] }) {
	return `${state} ${events.findLast((event) => event.type === "incident.state")?.id}`;
}

async function decide(action, incident, changed) {
	const { body = (reason) => ({ reason }), tells, ...asked } = ACTIONS[action];
	const send = (given) => act(incident.id, action, body(given, incident));
	if (!(await ask({ ...asked, text: tells(incident), send }))) return;
	remember(incident.id, situation(incident), asked.done);
	changed(asked.done);
}

/** Where the proposal is, and what has become of it there. */
function standing(proposal) {
	const { number, state, url, forge, rounds, reviewer } = proposal;
	if (state === "prepared") {
		const why = forge?.problem ? `Waiting to be published: ${clip(forge.problem, 400)}` : "Being published.";
		return note(why, forge?.problem ? "ask" : "busy", "standing");
	}
	const elsewhere = /^https?:/.test(url) && !url.endsWith(location.pathname);
	const link = forge?.kind === "github" ? `Pull request #${number} on GitHub` : "Open the pull request";
	const facts = [
		proposal.draft_there && state === "open" && "a draft there",
		proposal.amended && "others added commits",
		reviewer && `${clip(reviewer, 100)} was asked to review`,
		rounds > 0 && `round ${rounds} of ${proposal.most_rounds}`,
	].filter(Boolean);
	return h(
		"p.dim",
		{ key: "standing" },
		elsewhere && h("a", { href: url, rel: "noreferrer", target: "_blank" }, link),
		elsewhere && facts.length > 0 && " · ",
		facts.join(" · "),
	);
}

/** `changed(text)` is called when an action was accepted, `redraw()` when only a part of the lane looks different. */
export function controlLane(incident, changed, redraw) {
	const { proposal } = incident;
	const pending = waiting(incident.id, situation(incident));
	const possible = (incident.actions ?? []).filter((action) => ACTIONS[action]);
	const button = (action) => {
		const { label, tone } = ACTIONS[action];
		const onclick = () => decide(action, incident, changed);
		return h("button", { key: action, class: tone, disabled: Boolean(pending), onclick }, label);
	};
	return card(
		"control",
		"Control",
		proposal &&
			h("p", { key: "what" }, `${named(proposal)} (${published(proposal.state)}): `, h("strong", clip(proposal.title, 200))),
		proposal && standing(proposal),
		possible.length > 0 && h("div.actions", { key: "actions" }, possible.map(button)),
		pending && note(pending.text, "calm", "sent"),
		!possible.length && !pending && h("p.dim", { key: "nothing" }, "Nothing to decide now."),
		revertPart(incident.revert, changed),
		discussion(incident, changed, redraw),
	);
}
