// Tailwind 4 is the only CSS step; its tokens live in app/globals.css.
export default { plugins: { '@tailwindcss/postcss': {} } }
