import { SegmentedMessage } from 'sms-segments-calculator'
import { expect, test } from 'vitest'
import { SmsKind } from '../../api/sms/sms.entity.ts'
import { bodyOf } from '../../api/sms/texts.ts'

test.each(Object.values(SmsKind))('the text %s is one segment: each further one is paid for again', kind => {
  const { segmentsCount } = new SegmentedMessage(bodyOf(kind, '4782'))
  expect(segmentsCount).toBe(1)
})
