import { build, defineConfig, type Plugin } from "vite";

/** The check page's script once more as one file without imports, which the server writes into the page to be saved. */
const offline: Plugin = {
	name: "offline-check",
	apply: "build",
	async generateBundle() {
		const made = await build({
			configFile: false,
			publicDir: false,
			logLevel: "error",
			build: {
				lib: { entry: "src/voting/offline.ts", formats: ["iife"], name: "check", fileName: "check" },
				target: "es2022",
				write: false,
			},
		});
		const files = Array.isArray(made) ? made.flatMap(({ output }) => output) : [];
		const [script, ...more] = files;
		if (script?.type !== "chunk" || more.length > 0) throw new Error("the check page is more than one file");
		this.emitFile({ type: "asset", fileName: "offline/check.js", source: script.code });
	},
};

// One style sheet and one script for all pages, and one script for the pages of the vote; the server finds their hashed
// names in dist/.vite/manifest.json. The same sources make the same bytes: nothing of the machine or the time goes in.
export default defineConfig({
	base: "/static/",
	publicDir: "public",
	plugins: [offline],
	build: {
		manifest: true,
		assetsInlineLimit: 0,
		modulePreload: false,
		target: "es2022",
		rolldownOptions: { input: ["styles/main.css", "src/main.ts", "src/voting/booth.ts"] },
	},
});
