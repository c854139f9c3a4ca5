// The page's side of the worker: one promise a task.
import type { Work } from "./sealing.worker";

interface Answer {
	id: number;
	made?: unknown;
	failed?: string;
}

let worker: Worker | undefined;
let last = 0;
const waiting = new Map<number, { done: (made: never) => void; failed: (error: Error) => void }>();

/** Have the worker do a task. Throws what it throws, or that it could not be started at all. */
export function ask<T extends keyof Work>(task: T, given: Parameters<Work[T]>[0]): Promise<ReturnType<Work[T]>> {
	worker ??= begin();
	const id = ++last;
	const answer = new Promise<ReturnType<Work[T]>>((done, failed) => waiting.set(id, { done, failed }));
	worker.postMessage({ id, task, given });
	return answer;
}

function begin(): Worker {
	const begun = new Worker(new URL("./sealing.worker.ts", import.meta.url), { type: "module" });
	begun.addEventListener("message", ({ data }: MessageEvent<Answer>) => {
		const asked = waiting.get(data.id);
		waiting.delete(data.id);
		if (data.failed === undefined) asked?.done(data.made as never);
		else asked?.failed(new Error(data.failed));
	});
	begun.addEventListener("error", () => {
		for (const { failed } of waiting.values()) failed(new Error("the worker did not start"));
		waiting.clear();
		worker = undefined;
	});
	return begun;
}
