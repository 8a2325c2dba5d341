-- dg_app
CREATE TABLE dg_app (
    name VARCHAR(48) NOT NULL,
    running INTEGER NOT NULL,
    PRIMARY KEY (name)
)
;

-- dg_assignment
CREATE TABLE dg_assignment (
    user VARCHAR(36) NOT NULL,
    role TEXT NOT NULL,
    until DATE,
    granted_at TEXT NOT NULL,
    granted_by TEXT NOT NULL,
    PRIMARY KEY (user, role)
)
;

-- dg_attempt
CREATE TABLE dg_attempt (
    key_hash VARCHAR(64) NOT NULL,
    failures INTEGER NOT NULL,
    last_at TEXT NOT NULL,
    PRIMARY KEY (key_hash)
)
;
CREATE INDEX ix_dg_attempt_last_at ON dg_attempt (last_at)
;

-- dg_audit
CREATE TABLE dg_audit (
    seq INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    at TEXT NOT NULL,
    actor TEXT,
    actor_name TEXT NOT NULL,
    acting_for TEXT,
    via TEXT NOT NULL,
    address TEXT,
    request TEXT,
    action TEXT NOT NULL,
    app TEXT,
    app_version INTEGER,
    entity TEXT,
    record TEXT,
    "before" TEXT,
    "after" TEXT,
    reason TEXT,
    facts TEXT
)
;
CREATE INDEX dg_audit_record ON dg_audit (record, seq) WHERE record IS NOT NULL
;
CREATE TRIGGER dg_audit_no_update BEFORE UPDATE ON dg_audit BEGIN SELECT RAISE(ABORT, 'dg_audit is append-only'); END
;
CREATE TRIGGER dg_audit_no_delete BEFORE DELETE ON dg_audit BEGIN SELECT RAISE(ABORT, 'dg_audit is append-only'); END
;
CREATE TRIGGER dg_audit_no_replace BEFORE INSERT ON dg_audit WHEN EXISTS (SELECT 1 FROM dg_audit WHERE seq = NEW.seq) BEGIN SELECT RAISE(ABORT, 'dg_audit is append-only'); END
;

-- dg_counter
CREATE TABLE dg_counter (
    app VARCHAR(48) NOT NULL,
    field VARCHAR(32) NOT NULL,
    period VARCHAR(120) NOT NULL,
    value BIGINT NOT NULL,
    PRIMARY KEY (app, field, period)
)
;

-- dg_credential
CREATE TABLE dg_credential (
    user VARCHAR(36) NOT NULL,
    password_hash TEXT NOT NULL,
    changed_at TEXT NOT NULL,
    PRIMARY KEY (user)
)
;

-- dg_deletion
CREATE TABLE dg_deletion (
    id VARCHAR(36) NOT NULL,
    app VARCHAR(48) NOT NULL,
    entity VARCHAR(48) NOT NULL,
    record VARCHAR(36) NOT NULL,
    root BOOLEAN NOT NULL
)
;
CREATE INDEX dg_deletion_id ON dg_deletion (id)
;
CREATE INDEX dg_deletion_record ON dg_deletion (record)
;

-- dg_job
CREATE TABLE dg_job (
    id VARCHAR(36) NOT NULL,
    user VARCHAR(36) NOT NULL,
    kind TEXT NOT NULL,
    app TEXT NOT NULL,
    entity TEXT NOT NULL,
    state TEXT NOT NULL,
    created_at TEXT NOT NULL,
    finished_at TEXT,
    outcome TEXT,
    result TEXT,
    PRIMARY KEY (id)
)
;
CREATE INDEX ix_dg_job_user ON dg_job (user)
;

-- dg_lease
CREATE TABLE dg_lease (
    name TEXT NOT NULL,
    holder TEXT NOT NULL,
    until TEXT NOT NULL,
    done_at TEXT,
    PRIMARY KEY (name)
)
;

-- dg_recovery
CREATE TABLE dg_recovery (
    user VARCHAR(36) NOT NULL,
    code_hash VARCHAR(64) NOT NULL,
    PRIMARY KEY (user, code_hash)
)
;

-- dg_refreshed
CREATE TABLE dg_refreshed (
    app VARCHAR(48) NOT NULL,
    which VARCHAR(16) NOT NULL,
    at TEXT NOT NULL,
    PRIMARY KEY (app, which)
)
;

-- dg_seal
CREATE TABLE dg_seal (
    batch INTEGER NOT NULL,
    first_seq BIGINT NOT NULL,
    last_seq BIGINT NOT NULL,
    rows INTEGER NOT NULL,
    root TEXT NOT NULL,
    previous TEXT NOT NULL,
    seal TEXT NOT NULL,
    at TEXT NOT NULL,
    leaves BLOB NOT NULL,
    PRIMARY KEY (batch)
)
;
CREATE TRIGGER dg_seal_no_update BEFORE UPDATE ON dg_seal BEGIN SELECT RAISE(ABORT, 'dg_seal is append-only'); END
;
CREATE TRIGGER dg_seal_no_delete BEFORE DELETE ON dg_seal BEGIN SELECT RAISE(ABORT, 'dg_seal is append-only'); END
;
CREATE TRIGGER dg_seal_no_replace BEFORE INSERT ON dg_seal WHEN EXISTS (SELECT 1 FROM dg_seal WHERE batch = NEW.batch) BEGIN SELECT RAISE(ABORT, 'dg_seal is append-only'); END
;

-- dg_session
CREATE TABLE dg_session (
    token_hash VARCHAR(64) NOT NULL,
    user VARCHAR(36) NOT NULL,
    created_at TEXT NOT NULL,
    used_at TEXT NOT NULL,
    expires_at TEXT NOT NULL,
    address TEXT,
    agent TEXT,
    PRIMARY KEY (token_hash)
)
;
CREATE INDEX ix_dg_session_user ON dg_session (user)
;

-- dg_setting
CREATE TABLE dg_setting (
    app VARCHAR(48) NOT NULL,
    code VARCHAR(48) NOT NULL,
    value TEXT,
    changed_at TEXT NOT NULL,
    changed_by VARCHAR(64),
    PRIMARY KEY (app, code)
)
;

-- dg_share
CREATE TABLE dg_share (
    id VARCHAR(36) NOT NULL,
    app VARCHAR(48) NOT NULL,
    entity VARCHAR(48) NOT NULL,
    record VARCHAR(36) NOT NULL,
    user VARCHAR(36),
    team VARCHAR(36),
    write BOOLEAN NOT NULL,
    until TEXT,
    "by" VARCHAR(36),
    at TEXT NOT NULL,
    PRIMARY KEY (id)
)
;
CREATE INDEX dg_share_user ON dg_share (user, app)
;
CREATE INDEX dg_share_record ON dg_share (app, entity, record)
;
CREATE INDEX dg_share_team ON dg_share (team, app)
;

-- dg_site
CREATE TABLE dg_site (
    name TEXT NOT NULL,
    value TEXT NOT NULL,
    PRIMARY KEY (name)
)
;

-- dg_token
CREATE TABLE dg_token (
    id VARCHAR(36) NOT NULL,
    user VARCHAR(36) NOT NULL,
    name TEXT NOT NULL,
    token_hash VARCHAR(64) NOT NULL,
    scopes TEXT NOT NULL,
    created_at TEXT NOT NULL,
    expires_at TEXT,
    used_at TEXT,
    revoked_at TEXT,
    PRIMARY KEY (id),
    UNIQUE (token_hash)
)
;
CREATE INDEX ix_dg_token_user ON dg_token (user)
;

-- dg_totp
CREATE TABLE dg_totp (
    user VARCHAR(36) NOT NULL,
    salt VARCHAR(64) NOT NULL,
    confirmed_at TEXT,
    last_step BIGINT,
    PRIMARY KEY (user)
)
;

-- dg_trash
CREATE TABLE dg_trash (
    id INTEGER NOT NULL,
    app VARCHAR(48) NOT NULL,
    kind VARCHAR(16) NOT NULL,
    entity_id VARCHAR(64) NOT NULL,
    thing_id VARCHAR(64) NOT NULL,
    name TEXT NOT NULL,
    form TEXT NOT NULL,
    trash_name TEXT,
    version INTEGER,
    since TEXT NOT NULL,
    until TEXT,
    PRIMARY KEY (id)
)
;
CREATE INDEX dg_trash_thing ON dg_trash (app, thing_id, kind)
;

-- dg_version
CREATE TABLE dg_version (
    app VARCHAR(48) NOT NULL,
    number INTEGER NOT NULL,
    version TEXT NOT NULL,
    source TEXT NOT NULL,
    at TEXT NOT NULL,
    "by" TEXT NOT NULL,
    note TEXT,
    changes TEXT NOT NULL,
    back_to INTEGER,
    PRIMARY KEY (app, number)
)
;

-- dougong__user
CREATE TABLE dougong__user (
    dg_row INTEGER NOT NULL,
    id VARCHAR(36) NOT NULL,
    version BIGINT DEFAULT 1 NOT NULL,
    created_at TEXT NOT NULL,
    created_by VARCHAR(36),
    updated_at TEXT NOT NULL,
    updated_by VARCHAR(36),
    deleted_at TEXT,
    username TEXT,
    name TEXT,
    email TEXT,
    phone TEXT,
    team VARCHAR(36),
    active BOOLEAN,
    language TEXT,
    time_zone TEXT,
    dg_search TEXT,
    dg_sort_username TEXT,
    dg_sort_name TEXT,
    dg_sort_time_zone TEXT,
    PRIMARY KEY (dg_row),
    UNIQUE (id),
    FOREIGN KEY(team) REFERENCES dougong__team (id) ON DELETE RESTRICT DEFERRABLE INITIALLY IMMEDIATE
)
;
CREATE TABLE dougong__team (
    dg_row INTEGER NOT NULL,
    id VARCHAR(36) NOT NULL,
    version BIGINT DEFAULT 1 NOT NULL,
    created_at TEXT NOT NULL,
    created_by VARCHAR(36),
    updated_at TEXT NOT NULL,
    updated_by VARCHAR(36),
    deleted_at TEXT,
    name TEXT,
    parent VARCHAR(36),
    leader VARCHAR(36),
    dg_search TEXT,
    dg_sort_name TEXT,
    PRIMARY KEY (dg_row),
    UNIQUE (id),
    FOREIGN KEY(parent) REFERENCES dougong__team (id) ON DELETE RESTRICT DEFERRABLE INITIALLY IMMEDIATE,
    FOREIGN KEY(leader) REFERENCES dougong__user (id) ON DELETE RESTRICT DEFERRABLE INITIALLY IMMEDIATE
)
;
CREATE INDEX ix_8d63a814ec2a682cb1f515ef ON dougong__user (team, id)
;
CREATE INDEX ix_76291d248acf02001833359d ON dougong__user (created_by, id)
;
CREATE UNIQUE INDEX ix_05f2513c54a7c9798857d894 ON dougong__user (username) WHERE deleted_at IS NULL
;
CREATE INDEX ix_0572b7532c04230c92aa8ec2 ON dougong__user (deleted_at, id) WHERE deleted_at IS NOT NULL
;
CREATE INDEX ix_0b765e8ffcaaca2c41109abf ON dougong__team (parent, id)
;
CREATE INDEX ix_9f83aa42535c6a51f575fb0f ON dougong__team (leader, id)
;
CREATE INDEX ix_5c117afdf481e1167d0f19dc ON dougong__team (created_by, id)
;
CREATE UNIQUE INDEX ix_244f097005379a377abd32d0 ON dougong__team (name) WHERE deleted_at IS NULL
;
CREATE INDEX ix_ac15b8db35d1fb5c94d7b3ae ON dougong__team (deleted_at, id) WHERE deleted_at IS NOT NULL
;
CREATE VIRTUAL TABLE "dg_fts__dougong__user" USING fts5("dg_search", content="dougong__user", content_rowid="dg_row", tokenize="unicode61 remove_diacritics 0")
;
CREATE TRIGGER "dg_fts__dougong__user_insert" AFTER INSERT ON "dougong__user" BEGIN INSERT INTO "dg_fts__dougong__user"(rowid, "dg_search") VALUES (new."dg_row", new."dg_search"); END
;
CREATE TRIGGER "dg_fts__dougong__user_delete" AFTER DELETE ON "dougong__user" BEGIN INSERT INTO "dg_fts__dougong__user"("dg_fts__dougong__user", rowid, "dg_search") VALUES ('delete', old."dg_row", old."dg_search"); END
;
CREATE TRIGGER "dg_fts__dougong__user_update" AFTER UPDATE OF "dg_search" ON "dougong__user" WHEN old."dg_search" IS NOT new."dg_search" BEGIN INSERT INTO "dg_fts__dougong__user"("dg_fts__dougong__user", rowid, "dg_search") VALUES ('delete', old."dg_row", old."dg_search");INSERT INTO "dg_fts__dougong__user"(rowid, "dg_search") VALUES (new."dg_row", new."dg_search"); END
;
CREATE VIEW "dougong__user__readable" AS SELECT "id", "version", "created_at", "created_by", "updated_at", "updated_by", "deleted_at", "username", "name", "email", "phone", "team", "active", "language", "time_zone" FROM "dougong__user"
;
CREATE VIRTUAL TABLE "dg_fts__dougong__team" USING fts5("dg_search", content="dougong__team", content_rowid="dg_row", tokenize="unicode61 remove_diacritics 0")
;
CREATE TRIGGER "dg_fts__dougong__team_insert" AFTER INSERT ON "dougong__team" BEGIN INSERT INTO "dg_fts__dougong__team"(rowid, "dg_search") VALUES (new."dg_row", new."dg_search"); END
;
CREATE TRIGGER "dg_fts__dougong__team_delete" AFTER DELETE ON "dougong__team" BEGIN INSERT INTO "dg_fts__dougong__team"("dg_fts__dougong__team", rowid, "dg_search") VALUES ('delete', old."dg_row", old."dg_search"); END
;
CREATE TRIGGER "dg_fts__dougong__team_update" AFTER UPDATE OF "dg_search" ON "dougong__team" WHEN old."dg_search" IS NOT new."dg_search" BEGIN INSERT INTO "dg_fts__dougong__team"("dg_fts__dougong__team", rowid, "dg_search") VALUES ('delete', old."dg_row", old."dg_search");INSERT INTO "dg_fts__dougong__team"(rowid, "dg_search") VALUES (new."dg_row", new."dg_search"); END
;
CREATE VIEW "dougong__team__readable" AS SELECT "id", "version", "created_at", "created_by", "updated_at", "updated_by", "deleted_at", "name", "parent", "leader" FROM "dougong__team"
;
