/** Names with everything that a server allows in them; it refuses characters beyond U+FFFF, such as emoji. */
export const ODD_SCHEMA = "art-öl ☂ d'or";
const ODD = `\`${ODD_SCHEMA}\``;

/** Schemas of the zoo, in order of name. */
export const ZOO_SCHEMAS = ["archive", ODD_SCHEMA, "zoo"];

/** Text that looks like a dump, has every kind of quote, and what is beyond the basic plane. */
const NASTY = String.raw`'Zoë 🦊 ''q'' "d" \` b \\ \n-- Dumping data for table \`fake\`\n/*!40000 ALTER TABLE \`x\` ENABLE KEYS */;\nINSERT INTO \`x\` VALUES\n(1);\r\t\0\Z%\_'`;

const SCHEMAS = [
  "CREATE DATABASE zoo CHARACTER SET utf8mb4",
  `CREATE DATABASE ${ODD} CHARACTER SET utf8mb4 COLLATE utf8mb4_unicode_ci`,
  "CREATE DATABASE archive CHARACTER SET latin1",
];

const TABLES = [
  "CREATE SEQUENCE zoo.order_no START WITH 1000 INCREMENT BY 7 CACHE 10",
  `CREATE TABLE zoo.customers (id INT PRIMARY KEY AUTO_INCREMENT, name VARCHAR(200) NOT NULL, email VARCHAR(120), born DATE, note TEXT,
    UNIQUE KEY by_email (email), KEY by_name (name(20) DESC), FULLTEXT KEY words (note))`,
  `CREATE TABLE zoo.orders (id BIGINT PRIMARY KEY DEFAULT NEXTVAL(zoo.order_no), customer INT NOT NULL, total DECIMAL(12,4) NOT NULL,
    net DECIMAL(12,4) AS (total / 1.2) VIRTUAL, gross DECIMAL(12,4) AS (total * 1.1) STORED, secret INT INVISIBLE DEFAULT 7, doc JSON,
    at DATETIME(6) DEFAULT '0000-00-00 00:00:00', ts TIMESTAMP(6) NULL,
    CONSTRAINT of_customer FOREIGN KEY (customer) REFERENCES zoo.customers (id) ON DELETE CASCADE,
    CONSTRAINT not_negative CHECK (total >= 0), KEY by_net (net), KEY by_at (at))`,
  `CREATE TABLE zoo.items (order_id BIGINT, n INT, \`cöl ☂ "x"\` VARCHAR(80), PRIMARY KEY (order_id, n), FOREIGN KEY (order_id) REFERENCES zoo.orders (id))`,
  // A foreign key to a key that is not the primary one, of a table that comes later and of its own.
  `CREATE TABLE zoo.tree (id INT PRIMARY KEY, code VARCHAR(10) NOT NULL, parent VARCHAR(10), UNIQUE KEY code (code), KEY parent (parent),
    CONSTRAINT of_parent FOREIGN KEY (parent) REFERENCES zoo.tree (code) ON UPDATE CASCADE)`,
  `CREATE TABLE zoo.z_parent (id INT PRIMARY KEY, code VARCHAR(10) NOT NULL, UNIQUE KEY code (code))`,
  `CREATE TABLE zoo.a_child (id INT PRIMARY KEY AUTO_INCREMENT, code VARCHAR(10), other INT, KEY other (other), KEY code (code),
    CONSTRAINT to_code FOREIGN KEY (code) REFERENCES zoo.z_parent (code), CONSTRAINT to_id FOREIGN KEY (other) REFERENCES zoo.z_parent (id))`,
  `CREATE TABLE zoo.history (id INT PRIMARY KEY, v VARCHAR(20), KEY v (v)) WITH SYSTEM VERSIONING`,
  `CREATE TABLE zoo.named_history (id INT PRIMARY KEY, parent INT, loud INT WITHOUT SYSTEM VERSIONING, began TIMESTAMP(6) GENERATED ALWAYS AS ROW START INVISIBLE,
    ended TIMESTAMP(6) GENERATED ALWAYS AS ROW END INVISIBLE, PERIOD FOR SYSTEM_TIME (began, ended), KEY parent (parent),
    CONSTRAINT of_history FOREIGN KEY (parent) REFERENCES zoo.customers (id)) WITH SYSTEM VERSIONING`,
  "CREATE TABLE zoo.nokey (a INT, b VARCHAR(20), c DOUBLE)",
  "CREATE TABLE zoo.only_unique (a INT NOT NULL, b INT, UNIQUE KEY a (a))",
  "CREATE TABLE zoo.empty_one (id INT PRIMARY KEY, v INT, KEY v (v))",
  `CREATE TABLE zoo.kinds (id INT PRIMARY KEY, b1 BIT(1), b60 BIT(60), i6 INET6, i4 INET4, u UUID, g GEOMETRY NOT NULL, p POINT, c VARCHAR(200) COMPRESSED,
    l VARCHAR(50) CHARACTER SET latin1, u16 VARCHAR(50) CHARACTER SET utf16, e ENUM('a', 'b', 'it''s'), s SET('x', 'y'), bin VARBINARY(32), bl LONGBLOB,
    t TIME(3), y YEAR, f64 DOUBLE, n DECIMAL(65, 30), u64 BIGINT UNSIGNED, zero DATE, SPATIAL KEY (g))`,
  "CREATE TABLE zoo.parts (id INT, k INT, v INT, PRIMARY KEY (id, k), KEY v (v)) PARTITION BY HASH (k) PARTITIONS 3",
  "CREATE TABLE zoo.tagged (a INT, b INT, PRIMARY KEY (a, b), KEY back (b, a))",
  // The counter's key is not the primary one.
  "CREATE TABLE zoo.counter (id INT PRIMARY KEY, n BIGINT NOT NULL AUTO_INCREMENT, KEY n (n))",
  "CREATE TABLE zoo.long_unique (id INT PRIMARY KEY, b BLOB, UNIQUE KEY b (b))",
  `CREATE TABLE zoo.booked (id INT, f DATE, t DATE, PERIOD FOR stay (f, t), PRIMARY KEY (id, stay WITHOUT OVERLAPS))`,
  `CREATE TABLE zoo.keys_of_all_kinds (id INT PRIMARY KEY AUTO_INCREMENT, a VARCHAR(300), b VARCHAR(50) NOT NULL, c INT, d INT NOT NULL,
    KEY ignored (c) IGNORED, UNIQUE KEY ub (b), KEY a (a(10), c DESC), UNIQUE KEY uac (a(100), c), KEY d (d) COMMENT 'it''s, (\`x\`)\nend', KEY big (a, b, c) USING BTREE)
    ROW_FORMAT=COMPRESSED COMMENT='KEY \`x\` (\`y\`),'`,
  "CREATE TABLE zoo.written (n BIGINT AUTO_INCREMENT PRIMARY KEY, what VARCHAR(100), at TIMESTAMP(6))",
  `CREATE TABLE ${ODD}.\`täble 日本\` (k INT PRIMARY KEY, \`väl \`\`q\` VARCHAR(10))`,
  `CREATE TABLE ${ODD}.a_first (k INT PRIMARY KEY, u INT NOT NULL, UNIQUE KEY u (u))`,
  // No line of it can be taken apart, and its foreign key needs a key of a table before.
  `CREATE TABLE ${ODD}.\`new\nline\` (\`a\nb\` INT PRIMARY KEY, c INT, KEY c (c), FOREIGN KEY (c) REFERENCES ${ODD}.a_first (u))`,
  "CREATE TABLE archive.old (id INT PRIMARY KEY, t TEXT, KEY t (t(5))) ENGINE=MyISAM",
  "CREATE TABLE archive.aria (id INT, t VARCHAR(10)) ENGINE=Aria",
];

const ROWS = [
  `INSERT INTO zoo.customers (name, email, born, note) VALUES ('Ada', 'a@x', '1815-12-10', ${NASTY}), (${NASTY}, 'z@x', NULL, 'two'), ('', NULL, '2000-02-29', '')`,
  `INSERT INTO zoo.orders (customer, total, doc, ts) VALUES (1, 12.5, '{"a": [1, 2.50, "é"]}', '2020-03-29 01:30:00.123456'), (2, 0.0001, NULL, NULL)`,
  `INSERT INTO zoo.items VALUES (1000, 1, '🍎'), (1000, 2, NULL), (1007, 1, ${NASTY})`,
  "INSERT INTO zoo.tree VALUES (1, 'root', NULL), (2, 'leaf', 'root')",
  "INSERT INTO zoo.z_parent VALUES (1, 'x'), (2, 'y')",
  "INSERT INTO zoo.a_child (code, other) VALUES ('x', 2), (NULL, 1), ('y', NULL)",
  "INSERT INTO zoo.history VALUES (1, 'a'), (2, 'b')",
  "UPDATE zoo.history SET v = 'a2' WHERE id = 1",
  "DELETE FROM zoo.history WHERE id = 2",
  "INSERT INTO zoo.named_history (id, parent, loud) VALUES (1, 1, 1), (2, 2, 2)",
  "UPDATE zoo.named_history SET parent = 3 WHERE id = 1",
  "DELETE FROM zoo.named_history WHERE id = 2",
  "INSERT INTO zoo.nokey VALUES (3, 'z', 0.1), (1, 'x', 0.1), (1, 'x', 0.1), (2, 'y', 1e300)",
  "INSERT INTO zoo.only_unique VALUES (3, 1), (1, 3), (2, 2)",
  `INSERT INTO zoo.kinds VALUES (1, b'1', b'101010101', '::1', '10.0.0.1', '123e4567-e89b-12d3-a456-426655440000', POINT(1, 2), POINT(3, 4), REPEAT('z', 150), 'ÄÖß€',
    '日本', 'it''s', 'x,y', x'00ff0a0d275c', x'0a0d00275c22', '-10:00:00.125', 2024, 1e0 / 3e0, 1.000000000000000000000000000001, 18446744073709551615, '0000-00-00')`,
  "INSERT INTO zoo.parts VALUES (1, 1, 1), (2, 2, NULL), (3, 3, 1), (4, 4, 4)",
  "INSERT INTO zoo.tagged VALUES (2, 1), (1, 2), (1, 1)",
  "INSERT INTO zoo.counter (id) VALUES (10), (5), (7)",
  "INSERT INTO zoo.long_unique VALUES (1, REPEAT('u', 5000)), (2, 'v')",
  "INSERT INTO zoo.booked VALUES (1, '2020-01-01', '2020-02-02'), (1, '2020-02-02', '2020-03-03')",
  "INSERT INTO zoo.keys_of_all_kinds (a, b, c, d) SELECT MD5(seq), CONCAT('b', seq), IF(seq % 3 = 0, NULL, seq), seq % 5 FROM zoo.seq_1_to_500",
  `INSERT INTO ${ODD}.\`täble 日本\` VALUES (1, '🍕'), (2, 'x')`,
  `INSERT INTO ${ODD}.a_first VALUES (1, 5), (2, 4)`,
  `INSERT INTO ${ODD}.\`new\nline\` VALUES (1, 5), (2, 4)`,
  "INSERT INTO archive.old VALUES (1, 'ä'), (2, 'x')",
  "INSERT INTO archive.aria VALUES (1, 'ä')",
];

const PROGRAMS = [
  `CREATE TRIGGER zoo.after_order AFTER INSERT ON zoo.orders FOR EACH ROW BEGIN
    -- it's a comment
    INSERT INTO zoo.written (what, at) VALUES (CONCAT('order; ', NEW.id), NOW(6)); END`,
  "CREATE TRIGGER zoo.before_order BEFORE UPDATE ON zoo.orders FOR EACH ROW SET NEW.total = ABS(NEW.total)",
  "CREATE FUNCTION zoo.tax(x DECIMAL(12,2)) RETURNS DECIMAL(12,2) DETERMINISTIC RETURN x * 0.2",
  "CREATE PROCEDURE zoo.clean(IN d INT) BEGIN DELETE FROM zoo.written WHERE n < d;\nSELECT '\nINSERT INTO `x` VALUES\n(1,2);\n';\nEND",
  "CREATE EVENT zoo.tick ON SCHEDULE EVERY 1 SECOND DO INSERT INTO zoo.written (what) VALUES ('tick')",
  "CREATE EVENT zoo.off ON SCHEDULE EVERY 1 DAY DISABLE DO SET @a = 1",
  "CREATE VIEW zoo.big_orders AS SELECT * FROM zoo.orders WHERE total > 1",
  // Over another schema that comes later, and over a view.
  `CREATE VIEW archive.across AS SELECT c.name, t.k FROM zoo.customers c JOIN ${ODD}.\`täble 日本\` t ON t.k = c.id`,
  "CREATE VIEW archive.a_over_view AS SELECT a.name FROM archive.across a JOIN zoo.big_orders b ON b.customer = a.k",
  "SET SESSION sql_mode = 'ORACLE'",
  "CREATE PACKAGE zoo.pack AS PROCEDURE p1; END",
  "CREATE PACKAGE BODY zoo.pack AS PROCEDURE p1 AS BEGIN SELECT 1; END; END",
  "SET SESSION sql_mode = 'NO_BACKSLASH_ESCAPES'",
  String.raw`CREATE PROCEDURE zoo.slash() SELECT 'a\' AS x, '''b''' AS y`,
  "SET SESSION sql_mode = ''",
];

/** What the schemas hold beside tables. */
export const ZOO_COUNTS = { views: 3, triggers: 2, routines: 5, events: 2, sequences: 1 };

/** One of everything that a schema can hold. Run in one session, as root. */
export const ZOO_STATEMENTS: readonly string[] = [...SCHEMAS, ...TABLES, ...ROWS, ...PROGRAMS];

/** Accounts, roles in roles, and rights at every level. Needs the zoo. */
export const ZOO_USER_STATEMENTS: readonly string[] = [
  "CREATE ROLE inner_role",
  "CREATE ROLE `outer role`",
  "GRANT TRIGGER ON *.* TO inner_role",
  "GRANT inner_role TO `outer role`",
  "GRANT SELECT ON `zo\\_%`.* TO `outer role`",
  "CREATE USER app@'%' IDENTIFIED BY 'the-app-password' WITH MAX_USER_CONNECTIONS 50",
  "GRANT `outer role` TO app@'%'",
  "SET DEFAULT ROLE `outer role` FOR app@'%'",
  "GRANT SELECT, INSERT ON zoo.* TO app@'%'",
  "GRANT SELECT (id), UPDATE (id, name) ON zoo.customers TO app@'%'",
  "GRANT DELETE ON archive.old TO app@'%'",
  "GRANT EXECUTE ON PROCEDURE zoo.clean TO app@'%'",
  "GRANT EXECUTE ON FUNCTION zoo.tax TO inner_role",
  "CREATE USER 'o''dd `x`'@'10.0.%' IDENTIFIED BY 'it''s \\\\ secret' REQUIRE SSL ACCOUNT LOCK PASSWORD EXPIRE INTERVAL 30 DAY",
  "CREATE USER boss@localhost IDENTIFIED BY 'the-boss-password'",
  "GRANT ALL PRIVILEGES ON *.* TO boss@localhost WITH GRANT OPTION",
  "GRANT PROXY ON app@'%' TO boss@localhost",
  "CREATE ROLE led WITH ADMIN boss@localhost",
  "GRANT SHOW VIEW ON zoo.* TO PUBLIC",
];
