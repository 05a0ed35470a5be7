/*
 * Two databases in the spirit of the samples that the field tests with, made here from counters alone: a history of
 * staff and salaries with many plain rows, and a film rental with everything that a schema can hold beside rows.
 */

const IN_INNODB = "ENGINE=InnoDB DEFAULT CHARSET=utf8mb4";

/** About 13.4 rows an employee in all; 300,000 make 4 million. */
export function staffStatements(employees: number): string[] {
  const ids = `seq_1_to_${employees}`;
  return [
    "CREATE DATABASE staff CHARACTER SET utf8mb4",
    "USE staff", // the sequence tables need one
    `CREATE TABLE staff.departments (dept_no CHAR(4) PRIMARY KEY, dept_name VARCHAR(40) NOT NULL UNIQUE) ${IN_INNODB}`,
    `CREATE TABLE staff.employees (emp_no INT PRIMARY KEY, birth_date DATE NOT NULL, first_name VARCHAR(14) NOT NULL,
      last_name VARCHAR(16) NOT NULL, gender ENUM('M','F') NOT NULL, hire_date DATE NOT NULL) ${IN_INNODB}`,
    `CREATE TABLE staff.dept_emp (emp_no INT NOT NULL, dept_no CHAR(4) NOT NULL, from_date DATE NOT NULL, to_date DATE NOT NULL,
      PRIMARY KEY (emp_no, dept_no), KEY (dept_no),
      FOREIGN KEY (emp_no) REFERENCES employees (emp_no) ON DELETE CASCADE,
      FOREIGN KEY (dept_no) REFERENCES departments (dept_no) ON DELETE CASCADE) ${IN_INNODB}`,
    `CREATE TABLE staff.titles (emp_no INT NOT NULL, title VARCHAR(50) NOT NULL, from_date DATE NOT NULL, to_date DATE,
      PRIMARY KEY (emp_no, title, from_date), FOREIGN KEY (emp_no) REFERENCES employees (emp_no) ON DELETE CASCADE) ${IN_INNODB}`,
    `CREATE TABLE staff.salaries (emp_no INT NOT NULL, salary INT NOT NULL, from_date DATE NOT NULL, to_date DATE NOT NULL,
      PRIMARY KEY (emp_no, from_date), FOREIGN KEY (emp_no) REFERENCES employees (emp_no) ON DELETE CASCADE) ${IN_INNODB}`,
    `CREATE VIEW staff.current_dept AS SELECT emp_no, MAX(from_date) AS from_date, MAX(to_date) AS to_date
      FROM staff.dept_emp GROUP BY emp_no`,
    "CREATE VIEW staff.current_salary AS SELECT s.emp_no, s.salary FROM staff.salaries s JOIN staff.current_dept d ON d.emp_no = s.emp_no WHERE s.to_date > '9000-01-01'",
    `INSERT INTO staff.departments SELECT CONCAT('d', LPAD(seq, 3, '0')), CONCAT('Department ', seq) FROM seq_1_to_9`,
    `INSERT INTO staff.employees SELECT seq, '1950-01-01' + INTERVAL (seq * 37) % 9000 DAY, CONCAT('First', seq % 1300),
      CONCAT('Last', (seq * 7) % 1700), IF(seq % 5 < 3, 'M', 'F'), '1985-01-01' + INTERVAL (seq * 13) % 5000 DAY FROM ${ids}`,
    `INSERT INTO staff.dept_emp SELECT seq, CONCAT('d00', 1 + seq % 9), '1986-01-01' + INTERVAL seq % 4000 DAY, '9999-01-01' FROM ${ids}`,
    `INSERT INTO staff.titles SELECT emp_no, ELT(1 + emp_no % 7, 'Engineer', 'Staff', 'Manager', 'Senior Staff', 'Senior Engineer', 'Technique Leader', 'Assistant Engineer'),
      hire_date, IF(emp_no % 2, NULL, '9999-01-01') FROM staff.employees`,
    `INSERT INTO staff.salaries SELECT e.emp_no, 40000 + (e.emp_no * 31 + n.seq * 977) % 80000, e.hire_date + INTERVAL n.seq YEAR,
      IF(n.seq = 9, '9999-01-01', e.hire_date + INTERVAL n.seq + 1 YEAR) FROM staff.employees e JOIN seq_0_to_9 n`,
  ];
}

/** A film rental with so many rentals; users, definers, a role and rights on single columns and routines. */
export function rentalStatements(rentals: number): string[] {
  const customers = Math.max(60, Math.trunc(rentals / 30));
  return [
    "CREATE DATABASE rental CHARACTER SET utf8mb4",
    "USE rental",
    "CREATE ROLE clerks",
    "CREATE USER clerk@localhost IDENTIFIED BY 'clerk'",
    "CREATE USER owner@'%' IDENTIFIED BY 'owner'",
    "GRANT ALL ON rental.* TO owner@'%'",
    // A view that works with its caller's rights calls a function: a dump of it needs the right as well.
    "GRANT EXECUTE ON rental.* TO holdfast@localhost",
    `CREATE TABLE rental.address (id INT UNSIGNED AUTO_INCREMENT PRIMARY KEY, street VARCHAR(60) NOT NULL, location POINT NOT NULL,
      SPATIAL KEY place (location)) ${IN_INNODB}`,
    `CREATE TABLE rental.customer (id INT UNSIGNED AUTO_INCREMENT PRIMARY KEY, address_id INT UNSIGNED NOT NULL, name VARCHAR(90) NOT NULL,
      email VARCHAR(80), active BOOLEAN NOT NULL DEFAULT TRUE, changed TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP ON UPDATE CURRENT_TIMESTAMP,
      KEY by_name (name), FOREIGN KEY (address_id) REFERENCES address (id)) ${IN_INNODB} AUTO_INCREMENT=1000`,
    `CREATE TABLE rental.film (id SMALLINT UNSIGNED AUTO_INCREMENT PRIMARY KEY, title VARCHAR(128) NOT NULL, description TEXT,
      released YEAR, rate DECIMAL(4,2) NOT NULL DEFAULT 4.99, rating ENUM('G','PG','R') DEFAULT 'G', features SET('Trailers','Commentaries','Deleted Scenes'),
      cost_a_day DECIMAL(6,3) AS (rate / 3) STORED, FULLTEXT KEY words (title, description), CHECK (rate >= 0)) ${IN_INNODB}`,
    `CREATE TABLE rental.film_text (film_id SMALLINT UNSIGNED PRIMARY KEY, title VARCHAR(255) NOT NULL, FULLTEXT KEY (title)) ${IN_INNODB}`,
    `CREATE TABLE rental.rental (id BIGINT AUTO_INCREMENT PRIMARY KEY, customer_id INT UNSIGNED NOT NULL, film_id SMALLINT UNSIGNED NOT NULL,
      rented DATETIME(3) NOT NULL, returned DATETIME(3), UNIQUE KEY once (rented, film_id, customer_id),
      FOREIGN KEY (customer_id) REFERENCES customer (id) ON UPDATE CASCADE, FOREIGN KEY (film_id) REFERENCES film (id)) ${IN_INNODB}`,
    `CREATE TABLE rental.payment (id BIGINT AUTO_INCREMENT PRIMARY KEY, rental_id BIGINT, amount DECIMAL(7,2) NOT NULL, paid DATETIME NOT NULL,
      FOREIGN KEY (rental_id) REFERENCES rental (id) ON DELETE SET NULL) ${IN_INNODB} AUTO_INCREMENT=500000`,
    "CREATE DEFINER=owner@'%' TRIGGER rental.film_added AFTER INSERT ON rental.film FOR EACH ROW INSERT INTO rental.film_text VALUES (NEW.id, NEW.title)",
    `CREATE DEFINER=owner@'%' TRIGGER rental.film_changed AFTER UPDATE ON rental.film FOR EACH ROW
      BEGIN IF OLD.title <> NEW.title THEN UPDATE rental.film_text SET title = NEW.title WHERE film_id = OLD.id; END IF; END`,
    `CREATE DEFINER=owner@'%' FUNCTION rental.balance(who INT UNSIGNED) RETURNS DECIMAL(9,2) READS SQL DATA
      RETURN (SELECT COALESCE(SUM(p.amount), 0) FROM rental.payment p JOIN rental.rental r ON r.id = p.rental_id WHERE r.customer_id = who)`,
    `CREATE DEFINER=owner@'%' PROCEDURE rental.film_in_stock(IN wanted SMALLINT UNSIGNED, OUT found INT)
      BEGIN SELECT COUNT(*) INTO found FROM rental.rental WHERE film_id = wanted AND returned IS NULL; END`,
    "CREATE DEFINER=owner@'%' EVENT rental.tidy ON SCHEDULE EVERY 1 MONTH STARTS '2026-01-01 00:00:00' DISABLE DO DELETE FROM rental.payment WHERE rental_id IS NULL",
    "CREATE DEFINER=owner@'%' SQL SECURITY DEFINER VIEW rental.customer_list AS SELECT c.id, c.name, a.street, rental.balance(c.id) AS balance FROM rental.customer c JOIN rental.address a ON a.id = c.address_id",
    "CREATE DEFINER=owner@'%' SQL SECURITY INVOKER VIEW rental.good_customers AS SELECT * FROM rental.customer_list WHERE balance > 10 WITH CHECK OPTION",
    "GRANT SELECT (id, name), UPDATE (name) ON rental.customer TO clerks",
    "GRANT EXECUTE ON PROCEDURE rental.film_in_stock TO clerks",
    "GRANT clerks TO clerk@localhost",
    "SET DEFAULT ROLE clerks FOR clerk@localhost",
    `INSERT INTO rental.address (street, location) SELECT CONCAT(seq, ' Häuser Straße'), POINT(seq % 180, seq % 90) FROM seq_1_to_${customers}`,
    `INSERT INTO rental.customer (address_id, name, email, changed) SELECT id, CONCAT('Zoë ', id), CONCAT('c', id, '@example.com'), '2026-01-02 03:04:05' FROM rental.address`,
    `INSERT INTO rental.film (title, description, released, rate, rating, features) SELECT CONCAT('Film ', seq), REPEAT(CONCAT('word', seq % 97, ' '), 30),
      1901 + seq % 120, 0.99 + seq % 5, ELT(1 + seq % 3, 'G', 'PG', 'R'), IF(seq % 2, 'Trailers,Commentaries', 'Deleted Scenes') FROM seq_1_to_1000`,
    "UPDATE rental.film SET title = CONCAT(title, ' – recut') WHERE id % 100 = 0",
    `INSERT INTO rental.rental (customer_id, film_id, rented, returned) SELECT 1000 + seq % ${customers}, 1 + seq % 1000,
      '2026-01-01' + INTERVAL seq SECOND, IF(seq % 9, '2026-02-01' + INTERVAL seq SECOND, NULL) FROM seq_1_to_${rentals}`,
    "INSERT INTO rental.payment (rental_id, amount, paid) SELECT id, 1 + id % 7, rented FROM rental.rental",
    "DELETE FROM rental.rental WHERE id % 1000 = 0",
  ];
}
