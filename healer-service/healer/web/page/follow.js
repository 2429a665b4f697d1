/**
 * Parts with the class `follows` scroll by themselves and stay at their end, unless the reader scrolled away from it.
 */

const left = new WeakSet(); // elements whose end the reader left

/** For their `onscroll`. → whether the reader has just left the end, or come back to it */
export function watch({ currentTarget: part }) {
	const was = left.has(part);
	if (part.scrollHeight - part.scrollTop - part.clientHeight < 24) left.delete(part);
	else left.add(part);
	return left.has(part) !== was;
}

/** Whether the reader is at something that must stay where it is. */
export const reading = (part) => left.has(part);

/** Call after drawing; `again` when the page shows something else. */
export function follow(again) {
	for (const part of document.querySelectorAll(".follows")) {
		if (again) left.delete(part);
		if (!reading(part)) part.scrollTop = part.scrollHeight;
	}
}
