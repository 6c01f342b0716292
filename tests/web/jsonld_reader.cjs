// Reads JSON-LD files with one package of npm and writes their N-Quads, as a JSON object by file. Nothing is fetched.
const fs = require("fs");

const load = (url) => Promise.reject(new Error(`asked for ${url}`));
const term = (one) =>
  one.termType === "NamedNode" ? `<${one.value}>`
  : one.termType === "BlankNode" ? `_:${one.value}`
  : JSON.stringify(one.value) + (one.language ? `@${one.language}` : `^^<${one.datatype.value}>`);
const line = (quad) => {
  const graph = quad.graph.termType === "DefaultGraph" ? "" : `${term(quad.graph)} `;
  return `${term(quad.subject)} ${term(quad.predicate)} ${term(quad.object)} ${graph}.\n`;
};

const readers = {
  jsonld: (text) =>
    require("jsonld").toRDF(JSON.parse(text), { format: "application/n-quads", documentLoader: load }),
  "jsonld-streaming-parser": (text) =>
    new Promise((resolve, reject) => {
      const { JsonLdParser } = require("jsonld-streaming-parser");
      const lines = [];
      const parser = new JsonLdParser({ documentLoader: { load } });
      parser.on("data", (quad) => lines.push(line(quad)));
      parser.on("error", reject);
      parser.on("end", () => resolve(lines.join("")));
      parser.end(text);
    }),
};

(async () => {
  const [name, ...files] = process.argv.slice(2);
  const found = {};
  for (const file of files) found[file] = await readers[name](fs.readFileSync(file, "utf8"));
  process.stdout.write(JSON.stringify(found));
})().catch((error) => {
  console.error(error);
  process.exitCode = 1;
});
