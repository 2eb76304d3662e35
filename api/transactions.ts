import type { Driver } from 'kysely'

/**
 * Kysely (0.29) takes a connection back only after a COMMIT or a ROLLBACK that went well, and never after a BEGIN that
 * failed. While a database is away each transaction would keep one for good, on SQLite the only one there is. So a
 * BEGIN that failed is told by the transaction's first statement, and a ROLLBACK does not fail: a connection that
 * cannot do it is lost, and the database has rolled back without it.
 */
export function returnConnections<D extends Driver>(driver: D): D {
  const begin = driver.beginTransaction.bind(driver)
  const rollback = driver.rollbackTransaction.bind(driver)
  const heal = new WeakMap<object, () => void>()

  driver.beginTransaction = async (connection, settings) => {
    try {
      await begin(connection, settings)
    } catch (error) {
      const { executeQuery } = connection
      connection.executeQuery = () => Promise.reject(error)
      heal.set(connection, () => (connection.executeQuery = executeQuery))
    }
  }
  driver.rollbackTransaction = async connection => {
    const never = heal.get(connection)
    if (never) {
      heal.delete(connection)
      return never()
    }
    await rollback(connection).catch(() => undefined)
  }
  return driver
}
