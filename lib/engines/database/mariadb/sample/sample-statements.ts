/* A small database with one of everything that a backup can lose. */

export const SAMPLE_SCHEMA = "practice";

export const SEED = [
  `CREATE DATABASE ${SAMPLE_SCHEMA} CHARACTER SET utf8mb4`,
  `USE ${SAMPLE_SCHEMA}`,
  `CREATE TABLE customers (id INT PRIMARY KEY AUTO_INCREMENT, name VARCHAR(80) NOT NULL, KEY (name)) ENGINE=InnoDB`,
  `CREATE TABLE orders (id INT PRIMARY KEY AUTO_INCREMENT, customer INT NOT NULL, total DECIMAL(10,2) NOT NULL,
    FOREIGN KEY (customer) REFERENCES customers (id)) ENGINE=InnoDB`,
  `CREATE TABLE notes (id INT PRIMARY KEY AUTO_INCREMENT, body TEXT NOT NULL) ENGINE=InnoDB`,
  `INSERT INTO customers (name) VALUES ('Zoë Größe'), ('日本語の名前'), ('Plain'), ('Ωmega 😀')`,
  `INSERT INTO orders (customer, total) SELECT 1 + seq % 4, seq * 1.25 FROM seq_1_to_200`,
  `INSERT INTO notes (body) SELECT CONCAT('note ', seq, ' – ', REPEAT('ñ', seq % 40)) FROM seq_1_to_100`,
  `CREATE TRIGGER orders_noted AFTER INSERT ON orders FOR EACH ROW INSERT INTO notes (body) VALUES (CONCAT('order ', NEW.id))`,
  `CREATE VIEW totals AS SELECT customer, SUM(total) AS total FROM orders GROUP BY customer`,
  `CREATE PROCEDURE count_orders() SELECT COUNT(*) FROM orders`,
  `CREATE EVENT tidy ON SCHEDULE EVERY 1 DAY DISABLE DO DELETE FROM notes WHERE id < 0`,
  `CREATE USER reader@localhost IDENTIFIED BY PASSWORD '*94BDCEBE19083CE2A1F959FD02F964C7AF4CFC29'`,
  `GRANT SELECT ON ${SAMPLE_SCHEMA}.* TO reader@localhost`,
];

/** Between the earlier dump and the whole one. */
export const BETWEEN = [
  `INSERT INTO ${SAMPLE_SCHEMA}.customers (name) VALUES ('Later')`,
  `UPDATE ${SAMPLE_SCHEMA}.orders SET total = total + 1 WHERE id <= 20`,
];

/** After the whole dump: what the log alone has. */
export const AFTERWARDS = [
  `INSERT INTO ${SAMPLE_SCHEMA}.orders (customer, total) VALUES (5, 9.99)`,
  `UPDATE ${SAMPLE_SCHEMA}.customers SET name = 'Latest' WHERE name = 'Later'`,
  `DELETE FROM ${SAMPLE_SCHEMA}.orders WHERE id = 7`,
];

/** Another history, long enough to go past any position of the first. */
export const OTHER_HISTORY = [
  `USE ${SAMPLE_SCHEMA}`,
  ...Array.from({ length: 40 }, (_, index) => `INSERT INTO ${SAMPLE_SCHEMA}.notes (body) VALUES ('other ${index}')`),
  `INSERT INTO ${SAMPLE_SCHEMA}.notes (body) SELECT REPEAT('x', 5000) FROM seq_1_to_20`,
];
