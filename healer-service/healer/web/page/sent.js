/**
 * Remembers what the reader decided, so that it is not sent twice while it takes its time; and reads from the log what was
 * decided elsewhere. It sends nothing.
 */

import { clip, since } from "./words.js";

const PATIENCE_MS = 30_000; // an accepted decision that changed nothing by then may be sent again

const sent = new Map(); // what was decided on → {situation, at, text} of the last decision

/** `situation`: how it stood when the reader decided; `text`: what is told until it stands otherwise. */
export function remember(on, situation, text) {
	sent.set(on, { situation, at: Date.now(), text });
}

/** → {text} of the decision that waits for the situation to change; until then its buttons stay off. */
export function waiting(on, situation) {
	const last = sent.get(on);
	return last?.situation === situation && Date.now() - last.at < PATIENCE_MS ? last : null;
}

const DECISIONS = {
	"operator.approve": "approved this. The merge is on its way.",
	"operator.reject": "rejected this.",
	"operator.request_changes": "asked for changes. The new round is on its way.",
	"operator.retry": "asked for another attempt. It is on its way.",
	"operator.rollback": "asked for the release before. The way back has begun.",
};
const ENDS = ["incident.state", "operator.failed"]; // types of events after which a decision waits no more
const seen = new Map(); // id of a decision → when this page saw it first: its clock and the healer's may differ

/** → {text} of a decision from another tab, another person or the command line that waits to take effect. */
export function elsewhere({ events = [] }) {
	const last = events.findLast(({ type }) => Object.hasOwn(DECISIONS, type) || ENDS.includes(type));
	if (!last || ENDS.includes(last.type)) return null;
	if (!seen.has(last.id)) seen.set(last.id, Date.now());
	const old = Math.max(since(last.timestamp) * 1000, Date.now() - seen.get(last.id));
	const by = clip(last.payload?.by || "Somebody", 100);
	return old < PATIENCE_MS ? { text: `${by[0].toUpperCase()}${by.slice(1)} ${DECISIONS[last.type]}` } : null;
}
