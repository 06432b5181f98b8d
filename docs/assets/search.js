/* SPDX-License-Identifier: GPL-2.0-or-later
 * The site's search. It takes the place of the theme's worker and answers the same messages. It
 * needs no worker, which a page that is read from disk could not start, and it prepares its index
 * when somebody searches for the first time.
 *
 * A page is ranked by BM25 over its whole text and over its best section; titles, and the words of
 * `.ci/search_words.toml`, count as several occurrences. Options and names are found as a whole and
 * in parts, other words by their stem. A word also stands for the ones with the same meaning.
 */
{
  const COMMON = new Set(
    `
      a about all already am an and any are as at be been before but by can cannot could did
      do does doesn't don't every everything for from get gets give go goes going had has
      have he her him his how i i'm if in into is it its just like make many may me might
      much must my need no not now of on only or other our out please really she should show
      so some still t than that the their them then there these they thing this those to too
      us use used using very want was way we were what when where which while why will
      with without would yet you your
    `.split(/\s+/),
  )
  const WEIGHT = {
    title: 4,
    pageTitle: 12,
    ofPage: 3,
    words: 4,
    pageWords: 8,
    wordsOfPage: 2,
    start: 0.5,
    same: 0.5,
    written: 0.4,
    number: 0.3,
  }
  // how much further occurrences of a word count, and how much the rank that the build sets for a page
  const SATURATION = 2.5
  const RANK = 0.4

  /** Return the stem of a word: "sends", "sending" and "sent" have the stem of "send". */
  const stem = (word) => {
    if (word === "sent") return "send"
    if (word.length < 4 || /[^a-z]/.test(word)) return word
    const singular = word.replace(/ies$/, "y").replace(/(ss)es$|([^su])s$/, "$1$2")
    const root = singular.replace(/(ation|ator|ating|ated|ing|ed|er|or|ion|ment|ly)$/, "")
    const stemmed =
      root.length > 2 && /[aeiouy]/.test(root) ? root.replace(/([^aeiouls])\1$/, "$1") : singular
    return stemmed.length > 3 ? stemmed.replace(/[ey]$/, "") : stemmed
  }

  const NUMBER = /^(?:v?\d+\.[\w.]+|\d+)$/
  const WORD = /--?[a-z][\w-]*|\w+(?:[-.'’]\w+)*/gi

  /**
   * Return a word's terms: options and names, also without prefix, the stems of the parts, and, with
   * a "=" before it, the word as it is written if it is not its stem.
   */
  const split = (word) => {
    const parts = word
      .split(/[-._'’]+/)
      .filter(Boolean)
      .map(stem)
    const names = parts.length > 1 || word[0] === "-" ? [word] : []
    const written = names.length || parts[0] === word ? [] : [`=${word}`]
    return /\.\w+-/.test(word)
      ? [...names, word.replace(/.*\./, ""), ...parts]
      : [...names, ...parts, ...written]
  }
  const known = new Map()
  const terms = (word) => {
    if (!known.has(word)) known.set(word, split(word))
    return known.get(word)
  }

  /** Return whether one letter added, left out, changed or swapped makes a word of the other. */
  const isTypo = (typed, word) => {
    if (typed[0] !== word[0] || Math.abs(typed.length - word.length) > 1) return false
    let at = 1
    while (at < typed.length && typed[at] === word[at]) at += 1
    const rest = (text, skipped) => text.slice(at + skipped)
    return (
      rest(typed, 1) === rest(word, 1) ||
      rest(typed, 1) === rest(word, 0) ||
      rest(typed, 0) === rest(word, 1) ||
      (typed[at] === word[at + 1] &&
        typed[at + 1] === word[at] &&
        rest(typed, 2) === rest(word, 2))
    )
  }

  const plain = (html) =>
    html
      .replace(/<[^>]*>/g, " ")
      .replace(/&lt;/g, "<")
      .replace(/&gt;/g, ">")
      .replace(/&quot;/g, '"')
      .replace(/&#39;/g, "'")
      .replace(/&amp;/g, "&")
  const escape = (text) => text.replace(/&/g, "&amp;").replace(/</g, "&lt;").replace(/>/g, "&gt;")

  const add = (counts, term, times) => counts.set(term, (counts.get(term) || 0) + times)
  const count = (text, weight, counts) => {
    for (const [word] of text.toLowerCase().matchAll(WORD)) {
      for (const term of terms(word)) add(counts, term, weight)
    }
  }

  /** Documents with their terms' counts, ranked by BM25. */
  class Ranking {
    constructor(entries, lengthMatters) {
      this.entries = entries
      this.lengthMatters = lengthMatters
      this.holders = new Map()
      for (const entry of entries) {
        entry.size = [...entry.counts.values()].reduce((sum, value) => sum + value, 0)
        for (const term of entry.counts.keys()) {
          if (!this.holders.has(term)) this.holders.set(term, [])
          this.holders.get(term).push(entry)
        }
      }
      this.mean = entries.reduce((sum, entry) => sum + entry.size, 0) / entries.length
    }

    /** Return the score of each entry that has an asked term, which is a list of [form, weight]. */
    scores(asked) {
      const scores = new Map()
      for (const forms of asked) {
        const best = new Map()
        for (const [form, weight] of forms) {
          const holders = this.holders.get(form) || []
          const rarity = Math.log(
            1 + (this.entries.length - holders.length + 0.5) / (holders.length + 0.5),
          )
          for (const entry of holders) {
            const times = entry.counts.get(form)
            const size = 1 - this.lengthMatters + (this.lengthMatters * entry.size) / this.mean
            best.set(
              entry,
              Math.max(
                best.get(entry) || 0,
                (weight * rarity * times * (SATURATION + 1)) / (times + SATURATION * size),
              ),
            )
          }
        }
        for (const [entry, value] of best) scores.set(entry, (scores.get(entry) || 0) + value)
      }
      return scores
    }
  }

  class SiteSearch {
    /** Index `docs`. The words in each line of `same` have one meaning. */
    constructor(docs, same = []) {
      this.same = new Map()
      for (const line of same) {
        const group = line.split(" ").map((word) => terms(word)[0])
        for (const term of group) {
          this.same.set(term, [...(this.same.get(term) || []), ...group.filter((w) => w !== term)])
        }
      }
      const pages = new Map()
      const sections = []
      for (const doc of docs) {
        const path = doc.location.replace(/#.*/, "")
        if (!pages.has(path)) pages.set(path, { doc, sections: [], counts: new Map() })
        const page = pages.get(path)
        const section = {
          doc,
          text: plain(doc.text).replace(/\s+/g, " ").trim(),
          title: plain(doc.title),
          counts: new Map(),
        }
        count(section.text, 1, section.counts)
        for (const [term, times] of section.counts) add(page.counts, term, times)
        count(section.title, WEIGHT.title, section.counts)
        count(section.title, doc === page.doc ? WEIGHT.pageTitle : WEIGHT.title, page.counts)
        count(doc.words || "", WEIGHT.words, section.counts)
        count(doc.words || "", doc === page.doc ? WEIGHT.pageWords : WEIGHT.words, page.counts)
        if (doc !== page.doc) {
          count(plain(page.doc.title), WEIGHT.ofPage, section.counts)
          count(page.doc.words || "", WEIGHT.wordsOfPage, section.counts)
        }
        page.sections.push(section)
        sections.push(section)
      }
      this.pages = new Ranking([...pages.values()], 0.75)
      this.sections = new Ranking(sections, 0.5)
    }

    /**
     * Return a query's terms with their forms. A word stands for the ones with the same meaning, an
     * incomplete last word for longer ones, and a word that is on no page for the ones with one
     * other letter. Numbers, which are mostly examples on a page, count less.
     */
    asked(query) {
      const typed = [...query.toLowerCase().matchAll(WORD)].map(([word]) => word)
      const rare = typed.filter((word) => !COMMON.has(word.replace("’", "'")))
      const asked = new Map()
      for (const word of rare.length ? rare : typed) {
        for (const term of terms(word)) {
          const same = (this.same.get(term) || []).map((other) => [other, WEIGHT.same])
          const weight = term[0] === "=" ? WEIGHT.written : NUMBER.test(word) ? WEIGHT.number : 1
          asked.set(term, [[term, weight], ...same])
        }
      }
      const last = typed.at(-1)
      if (
        asked.size &&
        last.length > 2 &&
        query.toLowerCase().endsWith(last) &&
        !this.pages.holders.has(last)
      ) {
        const started = [...this.pages.holders.keys()].filter((term) => term.startsWith(last))
        asked.get(terms(last)[0])?.push(...started.map((term) => [term, WEIGHT.start]))
      }
      const { holders } = this.pages
      for (const [term, forms] of asked) {
        if (forms.some(([form]) => holders.has(form)) || !/^[a-z]{4,}$/.test(term)) continue
        const near = [...holders.keys()].filter((word) => isTypo(term, word))
        forms.push(...near.map((word) => [word, 1]))
        if (near.length && near.every((word) => COMMON.has(word))) asked.delete(term)
      }
      return [...asked.values()]
    }

    /** Return the pages that answer a query, the best first, as lists of sections for the theme. */
    search(query) {
      const asked = this.asked(query)
      const ofSections = this.sections.scores(asked)
      const found = []
      for (const [page, ofPage] of this.pages.scores(asked)) {
        const sections = page.sections
          .map((section) => [section, ofSections.get(section) || 0])
          .sort((a, b) => b[1] - a[1])
        found.push([(ofPage + sections[0][1]) * (page.doc.boost || 1) ** RANK, page, sections])
      }
      found.sort((a, b) => b[0] - a[0])
      const forms = new Set(asked.flat().map(([form]) => form))
      return found.map(([, page, sections]) => {
        const shown = sections.filter(
          ([section, score], at) => section.doc === page.doc || (score && at < 6),
        )
        // the theme reads the title and the text of the results that it shows only
        const search = this
        return shown.map(([section, score]) => ({
          location: section.doc.location,
          score,
          get title() {
            return search.mark(section.title, forms)
          },
          get text() {
            return search.excerpt(section.text, forms)
          },
          terms: Object.fromEntries(
            asked
              .filter(([[term]]) => term[0] !== "=")
              .map((likes) => [likes[0][0], likes.some(([form]) => page.counts.has(form))]),
          ),
        }))
      })
    }

    mark(text, forms) {
      let marked = ""
      let at = 0
      for (const match of text.matchAll(WORD)) {
        if (!terms(match[0].toLowerCase()).some((term) => forms.has(term))) continue
        marked += `${escape(text.slice(at, match.index))}<mark>${escape(match[0])}</mark>`
        at = match.index + match[0].length
      }
      return marked + escape(text.slice(at))
    }

    /** Return the 300 characters of a text that contain most of the words looked for. */
    excerpt(text, forms) {
      const places = [...text.matchAll(WORD)].filter(([word]) =>
        terms(word.toLowerCase()).some((term) => forms.has(term)),
      )
      const near = (place) =>
        places.filter((other) => other.index >= place.index && other.index < place.index + 260)
          .length
      const best = places.reduce(
        (most, place) => (near(place) > near(most) ? place : most),
        places[0],
      )
      const start = best && best.index > 200 ? text.lastIndexOf(" ", best.index - 40) + 1 : 0
      return (
        (start ? "… " : "") +
        this.mark(text.slice(start, start + 300), forms) +
        (text.length > start + 300 ? " …" : "")
      )
    }
  }

  if (typeof module === "object") module.exports = SiteSearch
  else {
    const [SETUP, READY, QUERY, RESULT] = [0, 1, 2, 3]
    window.Worker = class extends EventTarget {
      postMessage({ type, data }) {
        if (type === SETUP) [this.docs, this.same] = [data.docs, data.config.same]
        else if (type === QUERY) this.search ??= new SiteSearch(this.docs, this.same)
        const answer =
          type === SETUP
            ? { type: READY }
            : { type: RESULT, data: { items: this.search.search(data) } }
        setTimeout(() => this.dispatchEvent(new MessageEvent("message", { data: answer })))
      }
      terminate() {}
    }
  }
}
