// The worker: everything that calculates with keys runs here, so that the page answers meanwhile.
import { systemRandom } from "../crypto/group";
import { checkProof, drawSession, keysOfCode, lookInto, openingOf, sealBallot } from "./tasks";

const work = {
	seal: (given: Parameters<typeof sealBallot>[0]) => sealBallot(given, systemRandom),
	open: openingOf,
	look: lookInto,
	prove: checkProof,
	code: keysOfCode,
	session: () => drawSession(systemRandom),
};
export type Work = typeof work;

self.addEventListener("message", (event: MessageEvent<{ id: number; task: keyof Work; given: never }>) => {
	const { id, task, given } = event.data;
	try {
		self.postMessage({ id, made: work[task](given) });
	} catch (error) {
		self.postMessage({ id, failed: error instanceof Error ? error.message : "failed" });
	}
});
