-- with whether the user named the archive of a series
CREATE TABLE series (
    id INTEGER PRIMARY KEY AUTOINCREMENT, message_id TEXT NOT NULL UNIQUE, subject TEXT NOT NULL, lore TEXT, mbox TEXT,
    added TEXT NOT NULL, updated TEXT, sent TEXT, news TEXT, reached TEXT,
    chosen INTEGER NOT NULL DEFAULT 0);
CREATE TABLE mail (message_id TEXT PRIMARY KEY, raw BLOB NOT NULL);
CREATE TABLE member (
    series INTEGER NOT NULL REFERENCES series (id) ON DELETE CASCADE, message_id TEXT NOT NULL, seen INTEGER NOT NULL DEFAULT 0,
    weight INTEGER, PRIMARY KEY (series, message_id));
CREATE TABLE tick (
    series INTEGER NOT NULL REFERENCES series (id) ON DELETE CASCADE, message_id TEXT NOT NULL, line INTEGER NOT NULL,
    state TEXT NOT NULL DEFAULT 'addressed', PRIMARY KEY (series, message_id, line));
CREATE TABLE passed (message_id TEXT PRIMARY KEY, at TEXT NOT NULL);
CREATE TABLE server_checks (
    series INTEGER PRIMARY KEY REFERENCES series (id) ON DELETE CASCADE, server TEXT NOT NULL, asked TEXT NOT NULL,
    head TEXT NOT NULL, answer TEXT NOT NULL);
INSERT INTO series VALUES (2, 'v1@example.org', 'demo: check the pointer before use', 'http://127.0.0.1:9/demo', NULL,
    '2024-03-04T10:00:00+00:00', '2024-03-05T10:00:00+00:00', NULL, '2024-03-05T09:00:00+00:00',
    '2024-03-05T08:00:00+00:00', 0);
INSERT INTO tick VALUES (2, 'r1@example.org', 4, 'addressed');
INSERT INTO passed VALUES ('p@example.org', '2024-03-05T10:00:00+00:00');
PRAGMA user_version = 8;
