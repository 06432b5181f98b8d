// SPDX-License-Identifier: GPL-2.0-or-later
// Search the built documentation as a browser does, with the theme's own code. Usage: node tests/lab/search.cjs SITE QUERIES [QUERY...]
// QUERIES has lines "query<TAB>page". Exit code 1: another page comes first. With a QUERY, print the pages that it finds.
const fs = require('fs')
const path = require('path')
const vm = require('vm')

const [site, queries, ...asked] = process.argv.slice(2)
const workers = path.join(site, 'assets/javascripts/workers')
const script = fs.readdirSync(workers).find((name) => /^search\..*\.js$/.test(name))
const index = JSON.parse(fs.readFileSync(path.join(site, 'search/search_index.json')))
let answer
let receive
const worker = { console, setTimeout, URL, postMessage: (message) => answer(message), addEventListener: (_, handler) => { receive = handler } }
worker.self = worker
// the theme escapes the marks of a result with the page's document
worker.document = { createElement: () => ({ set textContent(text) { this.innerHTML = text } }) }
vm.runInNewContext(fs.readFileSync(path.join(workers, script), 'utf8'), worker)
const call = (type, data) => new Promise((resolve) => { answer = resolve; receive({ data: { type, data } }) })

const pages = async (query) => {
  const { data } = await call(2, query)
  return data.items.map((group) => group[0].location.replace(/#.*/, '').replace(/\.html$/, ''))
}

const main = async () => {
  await call(0, { config: index.config, docs: index.docs, options: { suggest: false } })
  for (const query of asked) console.log(`${query}: ${(await pages(query)).slice(0, 8).join('  ')}`)
  if (asked.length) return
  const lines = fs.readFileSync(queries, 'utf8').split('\n').filter((line) => line && line[0] !== '#')
  let wrong = 0
  for (const [query, page] of lines.map((line) => line.split('\t'))) {
    const found = await pages(query)
    if (found[0] === page) continue
    wrong += 1
    console.error(`search: ${query}: ${page} is at ${found.indexOf(page) + 1}, after ${found.slice(0, 3).join(', ')}`)
  }
  console.error(`search: the right page is first for ${lines.length - wrong} of ${lines.length} queries`)
  process.exitCode = wrong ? 1 : 0
}
main()
