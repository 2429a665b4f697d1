/**
 * The Control lane: what the reader may decide now. Every action asks once, says what will happen, and is sent once.
 */

import { act, oneIncident } from "./api.js";
import { copyButton } from "./copying.js";
import { ask, Settled } from "./dialog.js";
import { discussion } from "./discussion.js";
import { h } from "./dom.js";
import { card, decision, note } from "./parts.js";
import { patchOf } from "./proposed.js";
import { revertPart } from "./revert.js";
import { elsewhere, remember, waiting } from "./sent.js";
import { clip, published, short, stateOf } from "./words.js";

const seen = ({ proposal }) => ({ head_sha: proposal?.head_sha ?? "" }); // what the reader saw is decided on, and nothing newer
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
		tells: ({ proposal, service, deploys = true }) =>
			deploys
				? `${named(proposal)} is merged into ${proposal?.base} and released to ${service} without dropping a request. ` +
					"If the new release does not come up, the running one stays. If the crash comes back, the release before is " +
					"served again."
				: `${named(proposal)} is merged into ${proposal?.base}. ${service} has no deployment here, so its users get the ` +
					"fix when you release it.",
		body: (_, incident) => seen(incident),
		done: "Approved. The merge is on its way.",
	},
	"request-changes": {
		label: "Request changes",
		asks: "Ask for another fix?",
		tells: ({ proposal }) =>
			"A new round begins with what you write as feedback: another fix is made and proved, and takes the place of this one " +
			`on ${proposal.branch}. Where none is better, this one stays. It is round ${proposal.rounds + 1} of at most ${proposal.most_rounds}.`,
		reason: "required",
		prompt: "What should be different",
		lacking: "Say what should be different.",
		body: (text, incident) => ({ text, ...seen(incident) }),
		done: "Changes are asked for. The new round is on its way.",
	},
	reject: {
		label: "Reject",
		tone: "danger",
		asks: "Reject this proposal?",
		tells: ({ proposal, service }) =>
			`${named(proposal)} is closed without merging it. ${service} stays as it is, and the crash can happen again. ` +
			"Retry makes another attempt.",
		reason: "required",
		body: (reason, incident) => ({ reason, ...seen(incident) }),
		done: "Rejected.",
	},
	retry: {
		label: "Retry",
		asks: "Heal this incident again?",
		tells: ({ service }) =>
			`The heal starts again from the latest report, on the code of ${service} as it is now: diagnosis, candidates, ` +
			"verdicts. A fix that stands is proposed again, and goes as far as the service's autonomy lets it.",
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
			return (
				`${service} goes back to ${to} without dropping a request; where it does not come up, the running one stays. ` +
				"The crash can happen again. The branch keeps the fix, so the next release from it brings it back."
			);
		},
		reason: "optional",
		done: "The way back has begun.",
	},
};

/** What a decision is about: the incident as it stood when the reader decided. */
function situation({ state, events = [] }) {
	return `${state} ${events.findLast((event) => event.type === "incident.state")?.id}`;
}

/** What another tab or person was quicker with is no failure, and nothing to try again. */
async function sendOnce({ id }, action, body, changed) {
	try {
		await act(id, action, body);
	} catch (error) {
		const now = error.status === 409 && (await oneIncident(id).catch(() => null));
		if (!now || now.actions?.includes(action)) throw error;
		changed("");
		const { word, says } = stateOf(now.state, now.deploys);
		throw new Settled(`This incident is “${word}” now. ${now.reason ? clip(now.reason, 300) : says}`);
	}
}

async function decide(action, incident, changed) {
	const { body = (reason) => ({ reason }), tells, ...asked } = ACTIONS[action];
	const send = (given) => sendOnce(incident, action, body(given, incident), changed);
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

/** What came of the commits that others added. */
function rechecked({ state, checking, recheck }) {
	if (state !== "open") return null;
	const by = clip(recheck?.by ?? "somebody", 100);
	if (checking) {
		const text = `Commits by ${by} were added and are being proved; until then the change below may be without them, and it cannot be approved here.`;
		return note(text, "busy", "recheck");
	}
	if (!recheck || recheck.accepted) return null;
	return note(`With the commits by ${by} it does not stand: ${clip(recheck.reason, 500)}`, "bad", "recheck");
}

function decisions(incident, { role, changed, cached }) {
	if (role === "viewer")
		return h("p.dim", { key: "viewer" }, "You are signed in as a viewer: you see everything, and an operator decides.");
	const pending = waiting(incident.id, situation(incident)) ?? elsewhere(incident);
	const possible = (incident.actions ?? []).filter((action) => ACTIONS[action]);
	const button = (action) => {
		const { label, tone } = ACTIONS[action];
		const onclick = () => decide(action, incident, changed);
		return decision(label, { key: action, class: tone, off: Boolean(pending || cached), onclick });
	};
	return [
		possible.length > 0 && h("div.actions", { key: "actions" }, possible.map(button)),
		pending && note(pending.text, "calm", "sent"),
		!possible.length && !pending && h("p.dim", { key: "nothing" }, "Nothing to decide now."),
	];
}

export function controlLane(incident, page) {
	const { proposal } = incident;
	const patch = patchOf(incident);
	return card(
		"control",
		"Control",
		proposal &&
			h("p", { key: "what" }, `${named(proposal)} (${published(proposal.state)}): `, h("strong", clip(proposal.title, 200))),
		proposal && standing(proposal),
		proposal && rechecked(proposal),
		decisions(incident, page),
		patch && h("div.tools", { key: "copy" }, copyButton("Copy patch", () => patch, page, "It is for git apply.")),
		revertPart(incident.revert, page),
		discussion(incident, page),
	);
}
