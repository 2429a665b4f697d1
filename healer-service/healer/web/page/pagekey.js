/**
 * The page's own half of a session. A browser sends the cookie to every service of this host name, whatever its port;
 * this half stays with the page, and without it nothing can be done.
 */

const NAME = "page key";
let held = ""; // for as long as the tab lives, where the browser keeps nothing

export function keepPageKey(key) {
	held = key;
	try {
		localStorage.setItem(NAME, key);
	} catch {
		// private windows of some browsers have no room
	}
}

export function pageKey() {
	try {
		return localStorage.getItem(NAME) ?? held;
	} catch {
		return held;
	}
}

// The sign-in link leads here with it. A made-up one does no more than have the reader sign in again.
const given = /^#page=([0-9a-f]{64})$/.exec(location.hash)?.[1];
export const byLink = Boolean(given);
if (given) {
	keepPageKey(given);
	history.replaceState(null, "", location.pathname + location.search);
}
