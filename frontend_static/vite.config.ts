import { defineConfig } from "vite";

// One style sheet and one script for all pages; the server finds their hashed names in dist/.vite/manifest.json.
export default defineConfig({
	base: "/static/",
	publicDir: "public",
	build: {
		manifest: true,
		assetsInlineLimit: 0,
		modulePreload: false,
		target: "es2022",
		rolldownOptions: { input: ["styles/main.css", "src/main.ts"] },
	},
});
