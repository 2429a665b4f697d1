/**
 * The lines of an incident's log: its events in order, each once, and the tokens of one answer as one line. It makes no elements.
 */

const MOST = 2000;
const LONGEST = 100_000; // characters of one answer

export const noLines = { events: [], newest: -1, left: 0 };

/**
 * → {events, newest, left} with what is newer among `more`. Oldest first; what is joined has `text`, and keeps the id of its
 * first event. `left`: how much came before them. What was given stays as it is.
 */
export function extended({ events, newest, left = 0 }, more) {
	const next = more.filter((event) => event.id > newest);
	if (!next.length) return { events, newest, left };
	const lines = [...events];
	for (const event of next) add(lines, event);
	return { events: lines.slice(-MOST), newest: next.at(-1).id, left: left + Math.max(0, lines.length - MOST) };
}

function add(lines, event) {
	if (event.type !== "model.tokens") {
		lines.push(event);
		return;
	}
	const { text } = event.payload;
	const at = lines.findLastIndex(({ type }) => type === "model.tokens" || type === "model.asked");
	const answer = lines[at];
	if (answer?.type === "model.tokens") lines[at] = { ...answer, text: (answer.text + text).slice(-LONGEST) };
	else lines.push({ ...event, text });
}
