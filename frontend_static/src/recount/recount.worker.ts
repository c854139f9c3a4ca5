// The worker: loads the bundle and counts, so that the page answers meanwhile.
import { type Report, recount, type Said } from "./bundle";
import { type Check, Wrong } from "./wrong";

/** What the worker tells the page. */
export type Told =
	| Said
	| { stage: "loading"; part: number }
	| { stage: "done"; report: Report }
	| { stage: "wrong"; check: Check; place: string; why: string }
	| { stage: "failed" };

const tell = (told: Told): void => self.postMessage(told);

self.addEventListener("message", async ({ data: address }: MessageEvent<string>) => {
	try {
		tell({ stage: "done", report: recount(await load(address), throttled()) });
	} catch (error) {
		if (error instanceof Wrong) tell({ stage: "wrong", check: error.check, place: error.place, why: error.message });
		else tell({ stage: "failed" });
	}
});

async function load(address: string): Promise<Uint8Array> {
	const answer = await fetch(address);
	if (!answer.ok || !answer.body) throw new Error(`status ${answer.status}`);
	const size = Number(answer.headers.get("content-length"));
	const chunks: Uint8Array[] = [];
	let read = 0;
	const reader = answer.body.getReader();
	for (;;) {
		const { done, value } = await reader.read();
		if (done) break;
		chunks.push(value);
		read += value.length;
		if (size > 0) tell({ stage: "loading", part: Math.min(1, read / size) });
	}
	return new Uint8Array(await new Blob(chunks as BlobPart[]).arrayBuffer());
}

/** Tells of a contest at its beginning and then at most ten times a second. */
function throttled(): (said: Said) => void {
	let last = 0;
	return (said) => {
		const now = performance.now();
		if (said.stage === "contest" && said.increments > 0 && now - last < 100) return;
		last = now;
		tell(said);
	};
}
