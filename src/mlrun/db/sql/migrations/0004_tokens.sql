-- Logins of the API server, each by the id that stands in it; the secret itself is nowhere.
-- digest: SHA-256 of the whole token. projects: a list in JSON, empty for all. Times: '' is never.

CREATE TABLE tokens (
    uid TEXT NOT NULL PRIMARY KEY,
    name TEXT NOT NULL,
    role TEXT NOT NULL,
    projects TEXT NOT NULL,
    digest TEXT NOT NULL,
    created TEXT NOT NULL,
    expires TEXT NOT NULL,
    revoked TEXT NOT NULL
);
