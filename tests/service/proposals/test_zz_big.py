import time
from tests.service.proposals.test_entering import *  # noqa
from tests.service.proposals.test_entering import look, take, desk
async def test_big(service, desk):
    N=2000
    rows=["Otsikko;Tarve;Kuvaus;Alue;Teema"]+[f"Idea numero {i} rantaan;Tarve {i} jotain puuttuu;Kuvaus {i} penkki ja hana;{'Länsi' if i%166==0 else 'Pohjoinen'};" for i in range(N)]
    body="\n".join(rows)
    t=time.perf_counter(); seen=await look(service, desk, body); t1=time.perf_counter()
    print("LOOK", t1-t, seen.rows, seen.bad_rows)
    import cProfile,pstats; pr=cProfile.Profile(); pr.enable()
    r=await take(service, desk, body, leave_out_bad=True)
    pr.disable(); pstats.Stats(pr).sort_stats('tottime').print_stats(18)
    print("TAKE", time.perf_counter()-t1, r.new)
    r=await take(service, desk, body, leave_out_bad=True); print("AGAIN", r.new, r.known)
