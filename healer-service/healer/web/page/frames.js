/**
 * Says when to draw: at most once a frame, never while the tab is hidden, and half of the time at most. The rest is the reader's.
 */

const FRAME_MS = 16;
const LONGEST_REST_MS = 200; // also after a drawing during which the browser got no time

/** → a function that has `drawNow` called soon. */
export function framed(drawNow) {
	let waiting = false;
	let rested = 0; // when it may be drawn again

	function frame() {
		waiting = false;
		const begun = performance.now(); // a frame's own time may be that of before a stall
		drawNow();
		const now = performance.now();
		rested = now + Math.min(now - begun, LONGEST_REST_MS);
	}

	return () => {
		if (waiting || document.hidden) return;
		waiting = true;
		const wait = rested - performance.now();
		if (wait > FRAME_MS) setTimeout(requestAnimationFrame, wait, frame);
		else requestAnimationFrame(frame);
	};
}
