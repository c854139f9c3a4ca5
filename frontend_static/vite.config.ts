import { defineConfig } from "vite";

// One style sheet and one script for all pages, and one script for the pages of the vote; the server finds their hashed
// names in dist/.vite/manifest.json. The same sources make the same bytes: nothing of the machine or the time goes in.
export default defineConfig({
	base: "/static/",
	publicDir: "public",
	build: {
		manifest: true,
		assetsInlineLimit: 0,
		modulePreload: false,
		target: "es2022",
		rolldownOptions: { input: ["styles/main.css", "src/main.ts", "src/voting/booth.ts"] },
	},
});
