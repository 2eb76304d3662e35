;; A finite impulse response filter, four multiplications at a time.
;;
;; The inner product of a stretch of samples and the taps, again and again: `step` bytes further on in the samples and
;; `outStep` bytes further on in the output, until `outEnd`. The taps are padded with zeros to a multiple of eight; what
;; lies beside the samples is multiplied by those zeros, so it has to be finite.
(module
  (memory (export "memory") 1)
  (func (export "fir")
    (param $samples i32) (param $step i32)
    (param $taps i32) (param $tapsEnd i32)
    (param $out i32) (param $outStep i32) (param $outEnd i32)
    (local $sample i32) (local $tap i32) (local $even v128) (local $odd v128)
    (block $done
      (loop $output
        (br_if $done (i32.ge_u (local.get $out) (local.get $outEnd)))
        (local.set $sample (local.get $samples))
        (local.set $tap (local.get $taps))
        (local.set $even (v128.const f32x4 0 0 0 0))
        (local.set $odd (v128.const f32x4 0 0 0 0))
        (loop $product
          (local.set $even (f32x4.add (local.get $even)
            (f32x4.mul (v128.load (local.get $sample)) (v128.load (local.get $tap)))))
          (local.set $odd (f32x4.add (local.get $odd)
            (f32x4.mul (v128.load offset=16 (local.get $sample)) (v128.load offset=16 (local.get $tap)))))
          (local.set $sample (i32.add (local.get $sample) (i32.const 32)))
          (local.set $tap (i32.add (local.get $tap) (i32.const 32)))
          (br_if $product (i32.lt_u (local.get $tap) (local.get $tapsEnd))))
        (local.set $even (f32x4.add (local.get $even) (local.get $odd)))
        (f32.store (local.get $out) (f32.add
          (f32.add (f32x4.extract_lane 0 (local.get $even)) (f32x4.extract_lane 1 (local.get $even)))
          (f32.add (f32x4.extract_lane 2 (local.get $even)) (f32x4.extract_lane 3 (local.get $even)))))
        (local.set $samples (i32.add (local.get $samples) (local.get $step)))
        (local.set $out (i32.add (local.get $out) (local.get $outStep)))
        (br $output)))))
