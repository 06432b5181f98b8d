-- the store as the first version of its schema made it
CREATE TABLE series (
    id INTEGER PRIMARY KEY AUTOINCREMENT, message_id TEXT NOT NULL UNIQUE, subject TEXT NOT NULL, lore TEXT, mbox TEXT,
    added TEXT NOT NULL, updated TEXT, sent TEXT);
CREATE TABLE mail (message_id TEXT PRIMARY KEY, raw BLOB NOT NULL);
CREATE TABLE member (
    series INTEGER NOT NULL REFERENCES series (id) ON DELETE CASCADE, message_id TEXT NOT NULL, seen INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (series, message_id));
INSERT INTO series VALUES (2, 'v1@example.org', 'demo: check the pointer before use', 'http://127.0.0.1:9/demo', NULL,
    '2024-03-04T10:00:00+00:00', '2024-03-05T10:00:00+00:00', NULL);
PRAGMA user_version = 1;
