import { defineConfig } from "vite";

// The recount as one file, for tests in Node and for anybody who wants to count without a browser.
export default defineConfig({
	publicDir: false,
	build: {
		lib: { entry: "src/recount/selftest.ts", formats: ["es"], fileName: "recount" },
		minify: false,
		target: "es2022",
	},
});
