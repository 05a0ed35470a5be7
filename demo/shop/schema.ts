/** Schemas of the shop and of its customer relations: foreign keys (one across schemas), a trigger, a function, a view,
 *  generated columns, JSON and text in every script, so that a comparison after a restore has something to compare. */
export const SHOP_SCHEMAS = ["shop", "crm"] as const;

/** The shop's account: from both names of the loopback, whether the server resolves names or not. */
export const SHOP_HOSTS = ["localhost", "127.0.0.1"] as const;

const TABLES = [
  `CREATE TABLE shop.categories (
    id INT UNSIGNED NOT NULL AUTO_INCREMENT PRIMARY KEY,
    parent_id INT UNSIGNED NULL,
    name VARCHAR(80) NOT NULL,
    UNIQUE KEY name (name),
    FOREIGN KEY (parent_id) REFERENCES shop.categories (id)
  )`,
  `CREATE TABLE shop.products (
    id INT UNSIGNED NOT NULL AUTO_INCREMENT PRIMARY KEY,
    category_id INT UNSIGNED NOT NULL,
    sku CHAR(10) CHARACTER SET ascii NOT NULL,
    name VARCHAR(160) NOT NULL,
    description TEXT NOT NULL,
    price_cents INT UNSIGNED NOT NULL,
    attributes JSON NOT NULL,
    colour VARCHAR(20) AS (JSON_VALUE(attributes, '$.colour')) VIRTUAL,
    created_at TIMESTAMP(6) NOT NULL DEFAULT CURRENT_TIMESTAMP(6),
    UNIQUE KEY sku (sku),
    KEY colour (colour),
    FOREIGN KEY (category_id) REFERENCES shop.categories (id)
  )`,
  `CREATE TABLE shop.stock (
    product_id INT UNSIGNED NOT NULL PRIMARY KEY,
    quantity INT NOT NULL,
    updated_at TIMESTAMP(6) NOT NULL DEFAULT CURRENT_TIMESTAMP(6) ON UPDATE CURRENT_TIMESTAMP(6),
    FOREIGN KEY (product_id) REFERENCES shop.products (id)
  )`,
  `CREATE TABLE shop.stock_movements (
    id BIGINT UNSIGNED NOT NULL AUTO_INCREMENT PRIMARY KEY,
    product_id INT UNSIGNED NOT NULL,
    delta INT NOT NULL,
    reason ENUM('sale', 'delivery', 'count') NOT NULL,
    moved_at TIMESTAMP(6) NOT NULL DEFAULT CURRENT_TIMESTAMP(6),
    KEY product (product_id, moved_at),
    FOREIGN KEY (product_id) REFERENCES shop.products (id)
  )`,
  `CREATE TABLE shop.customers (
    id INT UNSIGNED NOT NULL AUTO_INCREMENT PRIMARY KEY,
    email VARCHAR(120) NOT NULL,
    name VARCHAR(120) NOT NULL,
    country CHAR(2) CHARACTER SET ascii NOT NULL,
    born_on DATE NULL,
    created_at TIMESTAMP(6) NOT NULL DEFAULT CURRENT_TIMESTAMP(6),
    UNIQUE KEY email (email)
  )`,
  `CREATE TABLE shop.addresses (
    id INT UNSIGNED NOT NULL AUTO_INCREMENT PRIMARY KEY,
    customer_id INT UNSIGNED NOT NULL,
    kind ENUM('home', 'work') NOT NULL,
    street VARCHAR(120) NOT NULL,
    city VARCHAR(80) NOT NULL,
    FOREIGN KEY (customer_id) REFERENCES shop.customers (id) ON DELETE CASCADE
  )`,
  `CREATE TABLE shop.orders (
    id BIGINT UNSIGNED NOT NULL AUTO_INCREMENT PRIMARY KEY,
    token CHAR(32) CHARACTER SET ascii NOT NULL,
    customer_id INT UNSIGNED NOT NULL,
    channel ENUM('web', 'check', 'history') NOT NULL,
    total_cents BIGINT UNSIGNED NOT NULL DEFAULT 0,
    placed_at TIMESTAMP(6) NOT NULL DEFAULT CURRENT_TIMESTAMP(6),
    UNIQUE KEY token (token),
    KEY placed (placed_at),
    FOREIGN KEY (customer_id) REFERENCES shop.customers (id)
  )`,
  `CREATE TABLE shop.order_lines (
    order_id BIGINT UNSIGNED NOT NULL,
    line_no SMALLINT UNSIGNED NOT NULL,
    product_id INT UNSIGNED NOT NULL,
    quantity INT UNSIGNED NOT NULL,
    unit_price_cents INT UNSIGNED NOT NULL,
    amount_cents BIGINT UNSIGNED AS (quantity * unit_price_cents) STORED,
    PRIMARY KEY (order_id, line_no),
    FOREIGN KEY (order_id) REFERENCES shop.orders (id),
    FOREIGN KEY (product_id) REFERENCES shop.products (id)
  )`,
  `CREATE TABLE shop.payments (
    id BIGINT UNSIGNED NOT NULL AUTO_INCREMENT PRIMARY KEY,
    order_id BIGINT UNSIGNED NOT NULL,
    method ENUM('card', 'invoice', 'transfer') NOT NULL,
    amount_cents BIGINT UNSIGNED NOT NULL,
    captured_at TIMESTAMP(6) NOT NULL DEFAULT CURRENT_TIMESTAMP(6),
    FOREIGN KEY (order_id) REFERENCES shop.orders (id)
  )`,
  `CREATE TABLE crm.contacts (
    id INT UNSIGNED NOT NULL AUTO_INCREMENT PRIMARY KEY,
    customer_id INT UNSIGNED NOT NULL,
    nickname VARCHAR(60) NOT NULL,
    score DOUBLE NOT NULL,
    FOREIGN KEY (customer_id) REFERENCES shop.customers (id)
  )`,
  `CREATE TABLE crm.notes (
    id INT UNSIGNED NOT NULL AUTO_INCREMENT PRIMARY KEY,
    contact_id INT UNSIGNED NOT NULL,
    body TEXT NOT NULL,
    attachment VARBINARY(256) NULL,
    noted_at DATETIME(3) NOT NULL,
    FOREIGN KEY (contact_id) REFERENCES crm.contacts (id)
  )`,
  `CREATE TABLE crm.campaigns (
    id INT UNSIGNED NOT NULL AUTO_INCREMENT PRIMARY KEY,
    name VARCHAR(80) NOT NULL,
    budget DECIMAL(12, 2) NOT NULL,
    starts_on DATE NOT NULL
  )`,
];

const PROGRAMS = [
  `CREATE DEFINER = 'shop'@'localhost' TRIGGER shop.line_leaves_stock AFTER INSERT ON shop.order_lines FOR EACH ROW
  BEGIN
    UPDATE shop.stock SET quantity = quantity - NEW.quantity WHERE product_id = NEW.product_id;
    INSERT INTO shop.stock_movements (product_id, delta, reason) VALUES (NEW.product_id, -CAST(NEW.quantity AS SIGNED), 'sale');
  END`,
  `CREATE DEFINER = 'shop'@'localhost' FUNCTION shop.order_total(wanted BIGINT UNSIGNED) RETURNS BIGINT UNSIGNED READS SQL DATA
  RETURN (SELECT COALESCE(SUM(amount_cents), 0) FROM shop.order_lines WHERE order_id = wanted)`,
  `CREATE DEFINER = 'shop'@'localhost' VIEW shop.order_summary AS
  SELECT o.id, o.token, c.name AS customer, o.channel, o.total_cents, o.placed_at
  FROM shop.orders o JOIN shop.customers c ON c.id = o.customer_id`,
];

/** Statements that make both schemas, in order. Each runs alone. */
export const SCHEMA_STATEMENTS: readonly string[] = [
  ...SHOP_SCHEMAS.map((name) => `CREATE DATABASE ${name} CHARACTER SET utf8mb4 COLLATE utf8mb4_unicode_ci`),
  ...TABLES,
  ...PROGRAMS,
];
