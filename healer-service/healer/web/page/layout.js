/**
 * How the reader wants changes to be shown: unified or side by side. Remembered in this browser where that is allowed.
 */

const NAME = "healer.changes";
const room = matchMedia("(min-width: 1200px)");

let wanted = remembered();

function remembered() {
	try {
		return localStorage.getItem(NAME) === "split" ? "split" : "unified";
	} catch {
		return "unified"; // the browser keeps nothing for this page
	}
}

/** Whether there is room for two sides. */
export const roomy = () => room.matches;

/** "unified" | "split" */
export const layout = () => (roomy() ? wanted : "unified");

export function choose(name) {
	wanted = name;
	try {
		localStorage.setItem(NAME, name);
	} catch {
		// it holds until the page is left
	}
}

/** `redraw` is called when there is room for two sides, or no more. */
export function onRoom(redraw) {
	room.onchange = redraw;
}
