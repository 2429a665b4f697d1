/**
 * Says when to draw: at most once a frame, never while the tab is hidden, and half of the time at most. The rest is the reader's.
 */

const FRAME_MS = 16;

/** → a function that has `drawNow` called soon. */
export function framed(drawNow) {
	let waiting = false;
	let rested = 0; // when it may be drawn again

	function frame(begun) {
		waiting = false;
		drawNow();
		rested = 2 * performance.now() - begun;
	}

	return () => {
		if (waiting || document.hidden) return;
		waiting = true;
		const wait = rested - performance.now();
		if (wait > FRAME_MS) setTimeout(requestAnimationFrame, wait, frame);
		else requestAnimationFrame(frame);
	};
}
