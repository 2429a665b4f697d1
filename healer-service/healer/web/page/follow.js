/**
 * Parts with the class `follows` scroll by themselves and stay at their end, unless the reader scrolled away from it.
 */

const left = new WeakSet(); // elements whose end the reader left

/** For their `onscroll`. */
export function watch({ currentTarget: part }) {
	if (part.scrollHeight - part.scrollTop - part.clientHeight < 24) left.delete(part);
	else left.add(part);
}

/** Call after drawing; `again` when the page shows something else. */
export function follow(again) {
	for (const part of document.querySelectorAll(".follows")) {
		if (again) left.delete(part);
		if (!left.has(part)) part.scrollTop = part.scrollHeight;
	}
}
