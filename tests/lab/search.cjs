// SPDX-License-Identifier: GPL-2.0-or-later
// Search the built documentation as a browser does. Usage: node tests/lab/search.cjs SITE QUERIES [QUERY...]
// QUERIES has lines "author<TAB>query<TAB>pages". Exit code 1: for less than 90 % of an author's queries, one of the
// pages is among the first three. The authors of MEASURED are only counted, and their queries not printed, so that
// nobody adapts pages to them. With a QUERY, print the pages that it finds.
const fs = require('fs')
const path = require('path')
const SiteSearch = require('../../docs/assets/search.js')

const MEASURED = ['aside', 'kept', 'third']
const [site, queries, ...asked] = process.argv.slice(2)
const { config, docs } = JSON.parse(fs.readFileSync(path.join(site, 'search/search_index.json')))
const search = new SiteSearch(docs, config.same)
const known = new Set(docs.map((doc) => doc.location.replace(/\.html.*/, '')))
const pages = (query) => search.search(query).map(([best]) => best.location.replace(/\.html.*/, ''))

for (const query of asked) console.log(`${query}: ${pages(query).slice(0, 8).join('  ')}`)
const authors = new Map()
for (const line of asked.length ? [] : fs.readFileSync(queries, 'utf8').split('\n')) {
  if (!line || line[0] === '#') continue
  const [author, query, right] = line.split('\t')
  const wrong = right.split(' ').find((page) => !known.has(page))
  if (wrong) throw new Error(`${queries}: ${query}: no such page: ${wrong}`)
  const found = pages(query)
  const at = found.findIndex((page) => right.split(' ').includes(page))
  if (!authors.has(author)) authors.set(author, { first: 0, three: 0, all: 0 })
  const figures = authors.get(author)
  figures.all += 1
  if (at === 0) figures.first += 1
  if (at >= 0 && at < 3) figures.three += 1
  else if (!MEASURED.includes(author)) console.log(`search: ${query}: ${right} is at ${at + 1 || 'no place'}, after ${found.slice(0, 3).join(', ')}`)
}
for (const [author, { first, three, all }] of authors) {
  console.log(`search: ${author}: the right page is first for ${first}, and among the first three for ${three} of ${all} queries`)
  if (three < 0.9 * all && !MEASURED.includes(author)) process.exitCode = 1
}
