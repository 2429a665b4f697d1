/**
 * Remembers what the reader decided, so that it is not sent twice while it takes its time. It sends nothing.
 */

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
