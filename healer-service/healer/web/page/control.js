/**
 * The Control lane: what the reader may decide now. Every action asks once, says what will happen, and is sent once.
 */

import { act } from "./api.js";
import { ask } from "./dialog.js";
import { h } from "./dom.js";
import { note } from "./parts.js";
import { clip, short } from "./words.js";

/** `tells`: what will happen; `reason`: "required" or "optional" where the reader may give one. */
const ACTIONS = {
	approve: {
		label: "Approve and merge",
		tone: "primary",
		asks: "Merge this fix?",
		tells: ({ proposal, service }) =>
			`Proposal #${proposal?.number} is merged into ${proposal?.base} and released to ${service} without dropping a request. ` +
			"If the new release does not come up, the running one stays.",
		done: "Approved. The merge is on its way.",
	},
	reject: {
		label: "Reject",
		tone: "danger",
		asks: "Reject this proposal?",
		tells: ({ proposal, service }) =>
			`Proposal #${proposal?.number} is closed without merging it. ${service} stays as it is, and the crash can happen again.`,
		reason: "required",
		done: "Rejected.",
	},
	retry: {
		label: "Retry",
		asks: "Heal this incident again?",
		tells: () => "The heal starts again from the latest report: diagnosis, candidates, verdicts.",
		done: "A new heal is on its way.",
	},
	rollback: {
		label: "Roll back",
		tone: "danger",
		asks: "Roll back to the release before the fix?",
		tells: ({ releases = [], service }) => {
			const previous = releases.findLast((release) => release.previous)?.previous;
			const to = previous ? `release ${short(previous)}` : "the release before";
			return `${service} goes back to ${to} without dropping a request. The crash can happen again.`;
		},
		reason: "optional",
		done: "The way back has begun.",
	},
};

const PATIENCE_MS = 30_000; // an accepted decision that changed nothing by then may be sent again
let sent = null; // {situation, at, text}: the last decision

/** What a decision is about: the incident as it stood when the reader decided. */
function situation({ id, state, events = [] }) {
	return `${id} ${state} ${events.findLast((event) => event.type === "incident.state")?.id}`;
}

/** The decision that waits for the incident to change; until then the buttons stay off. */
function waiting(incident) {
	return sent?.situation === situation(incident) && Date.now() - sent.at < PATIENCE_MS ? sent : null;
}

async function decide(action, incident, changed) {
	const send = (reason) => act(incident.id, action, reason);
	if (!(await ask({ ...ACTIONS[action], text: ACTIONS[action].tells(incident), send }))) return;
	sent = { situation: situation(incident), at: Date.now(), text: ACTIONS[action].done };
	changed(sent.text);
}

/** `changed(text)` is called when an action was accepted. */
export function controlLane(incident, changed) {
	const { proposal } = incident;
	const pending = waiting(incident);
	const possible = (incident.actions ?? []).filter((action) => ACTIONS[action]);
	const button = (action) => {
		const { label, tone } = ACTIONS[action];
		const onclick = () => decide(action, incident, changed);
		return h("button", { key: action, class: tone, disabled: Boolean(pending), onclick }, label);
	};
	const elsewhere = /^https?:/.test(proposal?.url) && !proposal.url.endsWith(location.pathname);
	return h(
		"section.card.control",
		{ key: "control", "aria-labelledby": "control" },
		h("h2", { id: "control" }, "Control"),
		proposal &&
			h("p", { key: "what" }, `#${proposal.number} (${proposal.state}): `, h("strong", clip(proposal.title, 200))),
		possible.length > 0 && h("div.actions", { key: "actions" }, possible.map(button)),
		pending && h("div", { key: "sent" }, note(pending.text)),
		!possible.length && !pending && h("p.dim", { key: "nothing" }, "Nothing to decide now."),
		elsewhere &&
			h("a", { key: "more", href: proposal.url, rel: "noreferrer", target: "_blank" }, "Open the pull request"),
	);
}
